import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';

/** The punched price tag: only on a reduction that is true right now. */
@customElement('lc-tag')
export class LcTag extends LitElement {
  static override styles = css`
    :host { display: inline-flex; align-items: center; gap: 0.4em; block-size: var(--tag, 1.75rem); padding-inline: 1.35rem 0.7rem; background: radial-gradient(circle at 0.8rem 50%, transparent 0.2rem, var(--sale) 0.235rem); color: var(--on-sale); font-size: var(--tag-text, var(--t-s)); font-weight: var(--w-bold); line-height: 1; clip-path: polygon(0.6rem 0, calc(100% - 4px) 0, 100% 4px, 100% calc(100% - 4px), calc(100% - 4px) 100%, 0.6rem 100%, 0 calc(100% - 0.55rem), 0 0.55rem); white-space: nowrap; font-variant-numeric: tabular-nums; box-sizing: border-box; }
    :host(:dir(rtl)) { background: radial-gradient(circle at calc(100% - 0.8rem) 50%, transparent 0.2rem, var(--sale) 0.235rem); clip-path: polygon(4px 0, calc(100% - 0.6rem) 0, 100% 0.55rem, 100% calc(100% - 0.55rem), calc(100% - 0.6rem) 100%, 4px 100%, 0 calc(100% - 4px), 0 4px); }
  `;

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-tag': LcTag;
  }
}
