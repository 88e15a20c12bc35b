import { LitElement, css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { hue, initials } from '../state/words';

/** A person's initials on a colour of their own. */
@customElement('lc-avatar')
export class LcAvatar extends LitElement {
  static override styles = css`
    :host { display: inline-grid; place-items: center; inline-size: 2.25rem; block-size: 2.25rem; flex: none; border-radius: 50%; overflow: hidden; background: oklch(0.86 0.05 var(--h, 210)); color: oklch(0.3 0.06 var(--h, 210)); font-size: var(--t-s); font-weight: var(--w-bold); }
    img { inline-size: 100%; block-size: 100%; object-fit: cover; }
  `;

  @property() name = '';
  @property() src: string | undefined;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('name')) this.style.setProperty('--h', String(hue(this.name)));
  }

  override render(): TemplateResult {
    if (this.src) return html`<img src=${this.src} alt=${this.name} />`;
    return html`<span role="img" aria-label=${this.name}>${initials(this.name)}</span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-avatar': LcAvatar;
  }
}
