import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { money, reduction, times } from '../state/money';
import type { ShowState } from '../state/reducer';
import type { FlashSale, Product, Variant } from '../state/types';
import { mainVariant, saleOf, stockWords, variantBy, type Want } from '../state/view';
import { count } from '../state/words';
import './lc-button';
import './lc-countdown';
import './lc-options';
import './lc-price';
import css from './lc-product.css?inline';
import './lc-sheet';
import './lc-stepper';
import './lc-tag';
import './lc-thumb';
import { plainText } from './plain_text';
import { ask, base, sheet, sheetHost } from './shared';

/** One product: its variants, how many, and Buy. Asks with `buy-want`, `add-want` and `wait-want`; `choose-variant` remembers a choice. */
@customElement('lc-product')
export class LcProduct extends LitElement {
  static override styles = [base, sheetHost, sheet(css)];

  @property({ attribute: false }) state: ShowState | null = null;
  @property() productId = '';
  @property() chosenVariant = '';
  @property({ type: Boolean }) busy = false;
  @property({ type: Boolean }) waiting = false;
  @property() said = '';
  @state() private chosen: Record<string, string> = {};
  @state() private quantity = 1;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const product = this.#product();
    if (!product || !changed.has('productId')) return;
    const sale = saleOf(this.state as ShowState, product.id);
    const wanted = product.variants.find(({ id }) => id === (sale?.variant_id ?? this.chosenVariant));
    this.chosen = { ...(wanted ?? mainVariant(product))?.options };
    this.quantity = 1;
  }

  override render(): TemplateResult | typeof nothing {
    const product = this.#product();
    if (!product || !this.state) return nothing;
    const variant = variantBy(product, this.chosen) ?? (product.variants.length === 1 ? product.variants[0] : undefined);
    const sale = variant ? saleOf(this.state, product.id, variant.id) : null;
    return html`<lc-sheet .heading=${product.title}>
      <div class="in">${this.#head(product, variant, sale)}
        <lc-options .product=${product} .chosen=${this.chosen} @choose=${this.#choose}></lc-options>
        ${variant ? this.#howMany(product, sale) : nothing}
        ${product.description_html ? html`<p class="text">${plainText(product.description_html)}</p>` : nothing}
      </div>
      <div slot="foot">${this.said ? html`<p class="said" role="status">${this.said}</p>` : nothing}${this.#buttons(product, variant, sale)}</div>
    </lc-sheet>`;
  }

  #product = (): Product | undefined => this.state?.lineup.find(({ id }) => id === this.productId);

  #head(product: Product, variant: Variant | undefined, sale: FlashSale | null): TemplateResult {
    const off = sale ? reduction(sale.price, sale.struck_price) : null;
    const shown = variant ?? product.variants[0];
    const available = sale?.state === 'open' ? sale.available : variant?.available;
    const facts = [shown?.tax_inclusive ? 'incl. VAT' : 'plus tax', available === undefined ? '' : stockWords(available)].filter(Boolean);
    return html`${sale ? html`<div class="flash">${off ? html`<lc-tag>Flash sale ${off}</lc-tag>` : html`<b>Flash sale</b>`}
        <lc-countdown .lead=${sale.state === 'scheduled' ? 'Opens in ' : ''} .deadline=${sale.state === 'scheduled' ? sale.opens_at : sale.closes_at}></lc-countdown></div>` : nothing}
      <div class="head"><lc-thumb .src=${variant?.image_url ?? product.image_url} .alt=${product.title}></lc-thumb>
        <div><p class="muted small">${this.state?.show.shop_name}</p><h3>${product.title}</h3>
          <lc-price .price=${sale?.price ?? shown?.price ?? null} .struck=${sale ? sale.struck_price : (shown?.compare_at_price ?? null)}></lc-price>
          <p class="muted small">${facts.join(' · ')}</p></div></div>`;
  }

  #howMany(product: Product, sale: FlashSale | null): TemplateResult {
    const limit = sale?.per_buyer_limit ?? product.per_buyer_limit;
    return html`<div class="row"><div class="grow"><p class="legend">Quantity</p>
        ${limit ? html`<p class="muted small">Up to ${count(limit)} per person, so more people get one</p>` : nothing}</div>
      <lc-stepper .value=${this.quantity} .max=${limit ?? 20} @change=${(event: Event) => (this.quantity = (event.target as HTMLInputElement & { value: number }).value)}></lc-stepper></div>`;
  }

  #buttons(product: Product, variant: Variant | undefined, sale: FlashSale | null): TemplateResult {
    if (this.waiting) return html`<lc-button wide disabled>Waiting for the connection</lc-button>`;
    if (!variant) return html`<lc-button wide disabled>${this.#missing(product)}</lc-button>`;
    if (sale?.state === 'scheduled') return html`<lc-button wide disabled>Opens soon</lc-button>`;
    const want: Want = { show_id: this.state?.show.id ?? '', product_id: product.id, variant_id: variant.id, flash_sale_id: sale?.id ?? null, quantity: this.quantity };
    if ((sale?.available ?? variant.available) <= 0)
      return html`<lc-button wide variant="outline" ?busy=${this.busy} @click=${() => ask(this, 'wait-want', want)}>Wait for one</lc-button>`;
    const cost = money(times(sale?.price ?? variant.price, this.quantity));
    return html`<div class="pair"><lc-button wide variant="outline" ?disabled=${this.busy} @click=${() => ask(this, 'add-want', want)}>Add to cart</lc-button>
      <lc-button wide variant=${sale ? 'sale' : 'primary'} ?busy=${this.busy} @click=${() => ask(this, 'buy-want', want)}>${this.busy ? 'Holding…' : `Buy now · ${cost}`}</lc-button></div>`;
  }

  #missing(product: Product): string {
    const axis = product.options.find(({ name }) => this.chosen[name] === undefined);
    return axis ? `Choose: ${axis.name.toLowerCase()}` : 'Not offered like this';
  }

  #choose = (event: CustomEvent<Record<string, string>>): void => {
    this.chosen = event.detail;
    const product = this.#product();
    const variant = product && variantBy(product, event.detail);
    if (variant) ask(this, 'choose-variant', variant);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-product': LcProduct;
  }
}
