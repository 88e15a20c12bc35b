import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { money, reduction } from '../state/money';
import { amountOf, errorsOf, offerOf, proposalOf, type OfferForm } from '../state/offer';
import type { FlashSale, Product, Variant } from '../state/types';
import { count } from '../state/words';
import './lc-button';
import './lc-field';
import './lc-price';
import './lc-segmented';
import css from './lc-flash-composer.css?inline';
import { ask, base, sheet } from './shared';
import './lc-tag';

const RUNS = [{ value: '30', text: '30 s' }, { value: '60', text: '60 s' }, { value: '180', text: '3 min' }];
const STARTS = [{ value: '0', text: 'Now' }, { value: '10', text: '10 s' }, { value: '30', text: '30 s' }];

/** Opens a flash sale of one product. Asks with `open-sale` (an `Offer`), `close-sale` (its id) and `close`. */
@customElement('lc-flash-composer')
export class LcFlashComposer extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) product!: Product;
  /** A sale of this product that is scheduled or open: then it can only be ended. */
  @property({ attribute: false }) sale: FlashSale | null = null;
  @property({ type: Boolean }) busy = false;
  /** The server's refusal. */
  @property() problem = '';
  @state() private form!: OfferForm;
  @state() private isTouched = false;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('product') && changed.get('product')?.id !== this.product.id) this.#begin(this.product.variants[0]);
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>('lc-field')?.focus();
  }

  override render(): TemplateResult {
    return html`<div class="row"><lc-tag>Flash sale</lc-tag><b class="clip">${this.product.title}</b><span class="grow"></span>
        <lc-button variant="ghost" icon="close" icon-only label="Close the flash sale form" @click=${() => ask(this, 'close')}></lc-button></div>
      ${this.sale ? this.#running(this.sale) : this.#compose(this.#variant())}`;
  }

  #running(sale: FlashSale): TemplateResult {
    const sold = sale.quantity - sale.available;
    return html`<div class="send"><p class="why">${sale.state === 'open' ? html`${count(sold)} of ${count(sale.quantity)} units are sold or in carts at <b>${money(sale.price)}</b>.` : 'It opens by itself.'}</p>
      <lc-button variant="outline" icon="stop" ?busy=${this.busy} @click=${() => ask(this, 'close-sale', sale.id)}>End the flash sale</lc-button></div>${this.#refused()}`;
  }

  #compose(variant: Variant | undefined): TemplateResult {
    if (!variant) return html`<p class="why">This product has no variant to sell.</p>`;
    const errors = this.isTouched ? errorsOf(this.form, variant) : {};
    const field = (key: 'price' | 'quantity' | 'per_buyer', label: string): TemplateResult => html`<lc-field label=${label} inputmode="decimal" autocomplete="off"
      .value=${this.form[key]} .error=${errors[key] ?? ''} @input=${(event: Event) => this.#set({ [key]: (event.target as HTMLInputElement).value })}></lc-field>`;
    return html`<form class="fields" @submit=${this.#submit}>${this.#variants()}
        ${field('price', `Price, ${variant.price.currency}`)}${field('quantity', 'Units')}${field('per_buyer', 'Per person')}
        ${this.#choice('Runs for', RUNS, this.form.duration_s, (duration_s) => this.#set({ duration_s }))}
        ${this.#choice('Starts in', STARTS, this.form.starts_in_s, (starts_in_s) => this.#set({ starts_in_s }))}
      </form>
      <div class="send"><p class="why">${this.#preview(variant)}</p>
        <lc-button variant="sale" icon="bolt" ?busy=${this.busy} ?disabled=${variant.available === 0} @click=${this.#submit}>${this.form.starts_in_s ? `Start in ${this.form.starts_in_s} s` : 'Start now'}</lc-button></div>${this.#refused()}`;
  }

  #variants(): TemplateResult | typeof nothing {
    if (this.product.variants.length < 2) return nothing;
    const options = this.product.variants.map((variant): [string, string] => [variant.id, `${variant.title} · ${money(variant.price)} · ${count(variant.available)} left`]);
    return html`<lc-field class="variant" label="Variant" .options=${options} .value=${this.form.variant_id}
      @change=${(event: Event) => this.#begin(this.product.variants.find(({ id }) => id === (event.target as HTMLInputElement).value))}></lc-field>`;
  }

  #choice(label: string, choices: typeof RUNS, value: number, choose: (value: number) => void): TemplateResult {
    return html`<div class="choice"><span class="legend" aria-hidden="true">${label}</span><lc-segmented .label=${label} .choices=${choices} .value=${String(value)}
      @change=${(event: Event) => choose(Number((event.target as HTMLInputElement).value))}></lc-segmented></div>`;
  }

  /** What viewers will see: the price, what it was, and how much that is. */
  #preview(variant: Variant): TemplateResult | string {
    if (variant.available === 0) return 'Sold out: nothing can be set aside.';
    const amount = amountOf(this.form.price);
    const price = amount === null ? null : { amount, currency: variant.price.currency };
    const less = price ? reduction(price, variant.price) : null;
    if (!price || less === null) return html`The current price is ${money(variant.price)}. A flash sale is below it.`;
    return html`<lc-price .price=${price} .struck=${variant.price}></lc-price> <b>${less}</b><br />${this.form.quantity || '0'} of ${count(variant.available)} units are set aside; what stays unsold goes back.`;
  }

  #refused(): TemplateResult | typeof nothing {
    return this.problem ? html`<p class="why" role="alert">${this.problem}</p>` : nothing;
  }

  #variant(): Variant | undefined {
    return this.product.variants.find(({ id }) => id === this.form.variant_id) ?? this.product.variants[0];
  }

  #begin(variant: Variant | undefined): void {
    this.isTouched = false;
    if (variant) this.form = proposalOf(variant);
  }

  #set(change: Partial<OfferForm>): void {
    this.isTouched = true;
    this.form = { ...this.form, ...change };
  }

  #submit = (event: Event): void => {
    event.preventDefault();
    const variant = this.#variant();
    const offer = variant && offerOf(this.form, variant);
    this.isTouched = true;
    if (offer) ask(this, 'open-sale', offer);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-flash-composer': LcFlashComposer;
  }
}
