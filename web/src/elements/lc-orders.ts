import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { money } from '../state/money';
import type { Order, OrderLine } from '../state/types';
import { day } from '../state/words';
import './lc-button';
import css from './lc-cart.css?inline';
import './lc-chip';
import type { Tone } from './lc-chip';
import './lc-icon';
import './lc-sheet';
import './lc-thumb';
import { ask, base, sheet, sheetHost } from './shared';

const STATUS: Record<Order['status'], [string, Tone]> = {
  placed: ['Not paid yet', 'warn'], paying: ['Payment under way', 'warn'], paid: ['Paid', 'success'], shipped: ['On its way', 'accent'],
  delivered: ['Delivered', 'success'], cancelled: ['Cancelled', 'neutral'], refunded: ['Refunded', 'neutral'],
};

const lineOf = ({ image_url, title, variant_title, quantity, total }: OrderLine): TemplateResult => html`<div class="item">
  <lc-thumb .src=${image_url}></lc-thumb><div><p><b>${title}</b></p><p class="muted small">${[variant_title, quantity > 1 ? `${quantity} ×` : ''].filter(Boolean).join(' · ')}</p></div>
  <span class="num">${money(total)}</span></div>`;

/** "My orders": newest first. */
@customElement('lc-orders')
export class LcOrders extends LitElement {
  static override styles = [base, sheetHost, sheet(css)];

  @property({ attribute: false }) orders: Order[] | null = null;

  override render(): TemplateResult {
    const { orders } = this;
    return html`<lc-sheet heading="My orders">${!orders ? nothing : orders.length === 0
      ? html`<div class="empty"><p>No orders yet.</p><p class="muted small">What you order appears here.</p></div>`
      : orders.map((order) => this.#order(order))}</lc-sheet>`;
  }

  #order(order: Order): TemplateResult {
    const [words, tone] = STATUS[order.status];
    return html`<section class="order" aria-label=${`Order ${order.number}`}>
      <div class="row"><b class="grow">${order.number} <span class="muted small">${day(order.placed_at)}</span></b><lc-chip tone=${tone}>${words}</lc-chip></div>
      ${order.lines.map(lineOf)}
      <dl class="sum"><div><dt>Total</dt><dd><b>${money(order.total)}</b></dd></div></dl></section>`;
  }
}

/** The order was paid. */
@customElement('lc-ordered')
export class LcOrdered extends LitElement {
  static override styles = [base, sheetHost, sheet(css)];

  @property({ attribute: false }) order: Order | null = null;

  override render(): TemplateResult | typeof nothing {
    const { order } = this;
    if (!order) return nothing;
    const units = order.lines.reduce((n, { quantity }) => n + quantity, 0);
    const receipt = order.address?.email ? ` · receipt goes to ${order.address.email}` : '';
    return html`<lc-sheet heading=${`Order ${order.number}`}>
      <div class="in"><div class="done"><lc-icon name="check"></lc-icon><h3>Paid. ${units === 1 ? 'It is' : 'They are'} yours.</h3>
        <p class="muted">${money(order.total)}${receipt}</p></div>${order.lines.map(lineOf)}</div>
      <lc-button slot="foot" wide variant="primary" @click=${() => ask(this, 'close')}>Back to the show</lc-button></lc-sheet>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-orders': LcOrders;
    'lc-ordered': LcOrdered;
  }
}
