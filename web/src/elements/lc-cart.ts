import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { serverClock } from '../net/clock';
import { money, times, total } from '../state/money';
import type { Hold } from '../state/types';
import { clockTime, plural } from '../state/words';
import './lc-button';
import css from './lc-cart.css?inline';
import './lc-countdown';
import './lc-price';
import './lc-sheet';
import './lc-thumb';
import { ask, base, sheet, sheetHost } from './shared';

const SOON_MS = 60_000;

/** The hold whose time is up first. */
export const nextDue = (holds: Hold[]): Hold | undefined =>
  [...holds].sort((a, b) => Date.parse(a.expires_at) - Date.parse(b.expires_at))[0];

/** What this viewer holds, and until when. Asks with `check-out`, `orders` and `release` (a hold). */
@customElement('lc-cart')
export class LcCart extends LitElement {
  static override styles = [base, sheetHost, sheet(css)];

  @property({ attribute: false }) holds: Hold[] = [];
  @property({ type: Boolean }) waiting = false;

  override render(): TemplateResult {
    const due = nextDue(this.holds);
    return html`<lc-sheet heading="Your cart">
      <lc-button slot="tools" variant="ghost" icon="box" icon-only label="My orders" @click=${() => ask(this, 'orders')}></lc-button>
      ${due ? html`<div class="in">${deadline(due)}${repeat(this.holds, ({ id }) => id, (hold) => this.#item(hold, hold !== due))}${this.#sum()}</div>
          <lc-button slot="foot" wide variant="primary" ?disabled=${this.waiting} @click=${() => ask(this, 'check-out')}>Check out</lc-button>`
        : html`<div class="empty"><p>Nothing in your cart yet.</p><p class="muted small">What you buy is held here for you while you check out.</p></div>`}
    </lc-sheet>`;
  }

  #item(hold: Hold, isLater: boolean): TemplateResult {
    const facts = [hold.variant_title, hold.quantity > 1 ? `${hold.quantity} × ${money(hold.price)}` : '', isLater ? `held until ${clockTime(hold.expires_at)}` : ''];
    return html`<div class="item"><lc-thumb .src=${hold.image_url}></lc-thumb>
      <div><p><b>${hold.title}</b></p><p class="muted small">${facts.filter(Boolean).join(' · ')}</p></div>
      <lc-price .price=${times(hold.price, hold.quantity)}></lc-price>
      ${hold.status === 'held' ? html`<lc-button variant="ghost" icon="close" icon-only label=${`Take ${hold.title} out`} @click=${() => ask(this, 'release', hold)}></lc-button>` : nothing}</div>`;
  }

  #sum(): TemplateResult | typeof nothing {
    const sum = total(this.holds.map((hold) => times(hold.price, hold.quantity)));
    if (!sum) return nothing;
    const units = this.holds.reduce((n, hold) => n + hold.quantity, 0);
    return html`<dl class="sum top"><div class="total"><dt>${plural(units, 'item', 'items')}</dt><dd>${money(sum)}</dd></div></dl>`;
  }
}

/** "8:12, held for you until 20:47". */
export function deadline(hold: Hold): TemplateResult {
  const isSoon = serverClock.until(hold.expires_at) < SOON_MS;
  return html`<div class="deadline ${isSoon ? 'soon' : ''}"><lc-countdown bare .deadline=${hold.expires_at}></lc-countdown>
    <span><b>Held for you until ${clockTime(hold.expires_at)}</b><br /><span class="muted">Price and units are safe until then.</span></span></div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-cart': LcCart;
  }
}
