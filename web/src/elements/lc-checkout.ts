import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { money, times, total } from '../state/money';
import type { Address, Hold, Money, Order } from '../state/types';
import { clockTime, plural } from '../state/words';
import { countryName } from './lc-address';
import './lc-banner';
import './lc-button';
import { nextDue } from './lc-cart';
import css from './lc-cart.css?inline';
import './lc-countdown';
import './lc-icon';
import './lc-segmented';
import type { LcSegmented } from './lc-segmented';
import './lc-sheet';
import './lc-thumb';
import { ask, base, sheet, sheetHost } from './shared';

export interface Payment {
  outcome: 'success' | 'decline';
  address: Address;
  /** The sum on the button when it was pressed: more than this is asked again. */
  shown: Money;
}

const OUTCOMES = [{ value: 'success', text: 'Card works' }, { value: 'decline', text: 'Card is declined' }];

/** Address, test payment, sum: one press orders and pays (`order-and-pay`). The deadline of the holds stays in sight. */
@customElement('lc-checkout')
export class LcCheckout extends LitElement {
  static override styles = [base, sheetHost, sheet(css)];

  @property({ attribute: false }) holds: Hold[] = [];
  @property({ attribute: false }) address: Address | null = null;
  /** Placed and not paid yet: its sums are final. */
  @property({ attribute: false }) order: Order | null = null;
  @property({ type: Boolean }) busy = false;
  @property({ type: Boolean }) waiting = false;
  @property() error = '';
  @state() private isEditing = false;
  @state() private outcome: 'success' | 'decline' = 'success';

  override render(): TemplateResult {
    const due = nextDue(this.holds);
    if (!due && !this.order && !this.busy) return this.#gone();
    const showsForm = (this.isEditing || !this.address) && !this.order;
    return html`<lc-sheet heading="Check out" can-go-back>
      ${due ? html`<lc-countdown slot="tools" .deadline=${due.expires_at}></lc-countdown>` : nothing}
      <div class="in">${this.#what(due)}
        ${showsForm ? html`<lc-address .value=${this.address} @address=${this.#addressed}></lc-address>` : this.#rows()}
        ${showsForm ? nothing : this.#sums()}
      </div>
      ${showsForm ? nothing : html`<div slot="foot" class="foot">
        ${this.error ? html`<lc-banner tone="danger" icon="alert" role="alert">${this.error}</lc-banner>` : nothing}
        ${this.order && !this.error && !this.busy ? html`<p class="small" role="status">With shipping it comes to ${money(this.order.total)}. Nothing is paid yet.</p>` : nothing}
        <lc-button wide variant="primary" icon="lock" ?busy=${this.busy} ?disabled=${this.waiting || !this.#due()} @click=${this.#press}>${this.#label()}</lc-button>
        <p class="muted note">14 days to return it.</p></div>`}
    </lc-sheet>`;
  }

  /** The time was up while somebody was typing. */
  #gone(): TemplateResult {
    return html`<lc-sheet heading="Check out"><div class="empty"><p>There is nothing left to check out.</p>
      <p class="muted small">Held items go back to the shelf when their time is up. If they are still there, you can take them again.</p></div>
      <lc-button slot="foot" wide variant="primary" @click=${() => ask(this, 'close')}>Back to the show</lc-button></lc-sheet>`;
  }

  #due(): Money | null {
    return this.order?.total ?? total(this.holds.map((hold) => times(hold.price, hold.quantity)));
  }

  #label(): string {
    const due = this.#due();
    if (this.busy) return 'Paying…';
    if (!due) return 'Nothing to pay';
    return this.order ? `Pay ${money(due)}` : `Order and pay ${money(due)}`;
  }

  #what(due: Hold | undefined): TemplateResult | typeof nothing {
    const [first] = this.holds;
    if (!first || !due) return nothing;
    const names = this.holds.map(({ title }) => title);
    return html`<div class="item"><lc-thumb .src=${first.image_url}></lc-thumb>
      <div><p><b>${new Intl.ListFormat('en').format(names)}</b></p><p class="muted small">Held until ${clockTime(due.expires_at)}</p></div></div>`;
  }

  #rows(): TemplateResult {
    const { address } = this;
    return html`<div>
      ${address?.email ? html`<div class="setrow"><lc-icon name="user"></lc-icon><span class="clip">${address.email}<small>Receipt and tracking go here</small></span></div>` : nothing}
      <div class="setrow"><lc-icon name="box"></lc-icon><span>${address?.name}, ${address?.line1}<small>${address?.postal_code} ${address?.city}, ${countryName(address?.country)}</small></span>
        ${this.order ? nothing : html`<lc-button variant="plain" label="Edit the address" @click=${() => (this.isEditing = true)}>Edit</lc-button>`}</div>
      <div class="setrow"><lc-icon name="card"></lc-icon><span>Test card<small>Sandbox: no money moves</small></span></div></div>
      <lc-segmented label="Outcome of the test payment" .choices=${OUTCOMES} .value=${this.outcome}
        @change=${(event: Event) => (this.outcome = (event.target as LcSegmented).value as 'success' | 'decline')}></lc-segmented>`;
  }

  #sums(): TemplateResult | typeof nothing {
    const { order } = this;
    const sum = this.#due();
    if (!sum) return nothing;
    const units = plural(this.holds.reduce((n, { quantity }) => n + quantity, 0), 'item', 'items');
    if (!order) return html`<dl class="sum"><div class="total"><dt>${units}</dt><dd>${money(sum)}</dd></div></dl>`;
    return html`<dl class="sum"><div><dt>${units}</dt><dd>${money(order.subtotal)}</dd></div><div><dt>Shipping</dt><dd>${money(order.shipping)}</dd></div>
      <div class="total"><dt>Total</dt><dd>${money(order.total)}</dd></div><div><dt>of which VAT</dt><dd>${money(order.tax)}</dd></div></dl>`;
  }

  #addressed = (event: CustomEvent<Address>): void => {
    this.isEditing = false;
    ask(this, 'remember-address', event.detail);
  };

  #press = (): void => {
    const shown = this.#due();
    if (shown && this.address) ask(this, 'order-and-pay', { outcome: this.outcome, address: this.address, shown } satisfies Payment);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-checkout': LcCheckout;
  }
}
