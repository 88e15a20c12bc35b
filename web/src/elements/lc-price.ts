import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { money } from '../state/money';
import type { Money } from '../state/types';
import { base } from './shared';

/** A price, and what it was before when it is reduced now. */
@customElement('lc-price')
export class LcPrice extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; align-items: baseline; gap: 0.4em; font-size: var(--price, var(--t-xl)); font-weight: var(--w-bold); font-variant-numeric: tabular-nums; line-height: 1.1; white-space: nowrap; }
    s { font-size: 0.78em; font-weight: 400; color: var(--ink-3); text-decoration-thickness: 1px; }
    b { font-weight: inherit; }
    small { font-size: 0.78em; font-weight: 400; color: var(--ink-3); }
    b.reduced { color: light-dark(var(--ink), var(--sale-ink)); }
  `];

  @property({ attribute: false }) price: Money | null = null;
  @property({ attribute: false }) struck: Money | null = null;
  /** Variants cost differently: this is the lowest. */
  @property({ type: Boolean }) from = false;

  override render(): TemplateResult | typeof nothing {
    if (!this.price) return nothing;
    const { price, struck } = this;
    if (!struck || Number(struck.amount) <= Number(price.amount)) return html`${this.from ? html`<small>from</small>` : nothing}<b>${money(price)}</b>`;
    return html`<b class="reduced">${money(price)}</b><s><span class="vh">before, </span>${money(struck)}</s>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-price': LcPrice;
  }
}
