import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { ICONS, type IconName } from './icons';

/** A drawing in the colour and size of its text. Always decoration: the control around it carries the name. */
@customElement('lc-icon')
export class LcIcon extends LitElement {
  static override styles = css`
    :host { display: inline-block; inline-size: 1.25em; block-size: 1.25em; flex: none; vertical-align: -0.24em; }
    svg { display: block; inline-size: 100%; block-size: 100%; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
    :host(:is([name='send'], [name='reply'], [name='right'], [name='left'], [name='undo'], [name='exit']):dir(rtl)) { transform: scaleX(-1); }
  `;

  @property({ reflect: true }) name: IconName = 'info';

  override render(): TemplateResult {
    return html`<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[this.name]}</svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-icon': LcIcon;
  }
}
