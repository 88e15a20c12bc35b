import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';

/** A product's small square picture; `alt` empty where its title stands beside it. */
@customElement('lc-thumb')
export class LcThumb extends LitElement {
  static override styles = css`
    :host { display: block; inline-size: var(--thumb, 4rem); aspect-ratio: 1; flex: none; border-radius: var(--r-m); overflow: hidden; background: var(--surface-2); }
    :host([spent]) { filter: saturate(0.35); }
    img { display: block; inline-size: 100%; block-size: 100%; object-fit: cover; }
  `;

  @property() src: string | null = null;
  @property() alt = '';
  @property({ type: Boolean, reflect: true }) spent = false;

  override render(): TemplateResult | typeof nothing {
    return this.src ? html`<img src=${this.src} alt=${this.alt} loading="lazy" decoding="async" />` : nothing;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-thumb': LcThumb;
  }
}
