import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { base } from './shared';

/** A titled card of a staff page; slot `tools` stands at the end of its head, the rest fills and scrolls below. */
@customElement('lc-panel')
export class LcPanel extends LitElement {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; min-block-size: 0; background: var(--surface); border: 1px solid var(--line); border-radius: var(--r-l); overflow: hidden; }
    header { display: flex; align-items: center; gap: var(--s-2); min-block-size: 2.75rem; flex: none; padding: 0 var(--s-3) 0 var(--s-4); }
    h2 { flex: 1; min-inline-size: 0; font-size: var(--t-m); }
    .in { flex: 1; min-block-size: 0; overflow: auto; outline-offset: -2px; }
  `];

  @property() heading = '';
  /** Long text without controls: the keyboard can scroll it. */
  @property({ type: Boolean }) readable = false;

  override render(): TemplateResult {
    return html`<header><h2 class="clip">${this.heading} <slot name="note"></slot></h2><slot name="tools"></slot></header>
      <div class="in" part="in" tabindex=${this.readable ? 0 : nothing} role=${this.readable ? 'region' : nothing} aria-label=${this.readable ? this.heading : nothing}><slot></slot></div><slot name="foot"></slot>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-panel': LcPanel;
  }
}
