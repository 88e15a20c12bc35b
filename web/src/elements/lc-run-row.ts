import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { cheapest, inStock } from '../state/products';
import type { FlashSale, Pin, Product } from '../state/types';
import { count } from '../state/words';
import './lc-button';
import './lc-elapsed';
import './lc-icon';
import './lc-price';
import css from './lc-run-row.css?inline';
import { ask, base, sheet } from './shared';
import './lc-thumb';

/** One product of the run sheet. Asks with `pin`, `unpin`, `flash`, `move` and `remove`; its product id is the detail. */
@customElement('lc-run-row')
export class LcRunRow extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) product!: Product;
  /** Place in the lineup, from 0; the first nine have a key. */
  @property({ type: Number }) index = 0;
  @property({ type: Number }) length = 1;
  @property({ attribute: false }) pin: Pin | null = null;
  @property({ attribute: false }) sale: FlashSale | null = null;
  @property({ type: Boolean }) isNext = false;
  @property({ type: Boolean }) isComposing = false;
  @property({ type: Boolean }) canPin = false;
  @property({ type: Boolean }) canEdit = false;
  @property({ type: Boolean }) canSell = false;

  /** Puts the focus back after the row moved. */
  focusGrip(): void {
    this.renderRoot.querySelector<HTMLElement>('.grip')?.focus();
  }

  override render(): TemplateResult {
    const { product } = this;
    this.toggleAttribute('onair', this.pin !== null);
    return html`${this.canEdit ? this.#grip() : html`<span></span>`}
      ${this.index < 9 ? html`<kbd>${this.index + 1}</kbd>` : html`<span></span>`}
      <lc-thumb .src=${product.image_url} ?spent=${inStock(product) === 0}></lc-thumb>
      <div class="text"><p class="t clip" title=${product.title}>${product.title}</p><p class="sub clip">${this.#sub()}</p></div>
      <lc-price .price=${this.sale?.state === 'open' ? this.sale.price : cheapest(product)} .struck=${this.sale?.state === 'open' ? this.sale.struck_price : null}></lc-price>
      <span class="st">${this.#stock()}</span>
      <span class="act">${this.#actions()}</span>`;
  }

  #grip(): TemplateResult {
    return html`<button type="button" class="grip" aria-label=${`${this.product.title}, place ${this.index + 1} of ${this.length}. Arrow up and down move it.`}
      @keydown=${this.#key} @pointerdown=${(event: PointerEvent) => ask(this, 'grab', event)}><lc-icon name="grip"></lc-icon></button>`;
  }

  #sub(): TemplateResult | string {
    const { sale, pin, product } = this;
    const variants = product.variants.length > 1 ? `${product.variants.length} variants` : '';
    if (sale?.state === 'open') return html`<b>Flash sale</b> · ${count(sale.available)} of ${count(sale.quantity)} left · <lc-elapsed until=${sale.closes_at}></lc-elapsed>`;
    if (sale) return html`<b>Flash sale</b> opens in <lc-elapsed until=${sale.opens_at}></lc-elapsed>`;
    if (pin) return html`On screen for <lc-elapsed since=${pin.pinned_at}></lc-elapsed>`;
    return [this.isNext ? 'Next' : '', variants].filter(Boolean).join(' · ');
  }

  #stock(): string {
    const left = inStock(this.product);
    return left > 0 ? `${count(left)} left` : 'Sold out';
  }

  #actions(): TemplateResult {
    const { title } = this.product;
    return html`${this.canEdit ? html`<lc-button class="remove" variant="ghost" icon="close" icon-only label=${`Remove ${title}`} @click=${() => this.#ask('remove')}></lc-button>` : nothing}
      ${this.canSell ? html`<lc-button variant=${this.isComposing ? 'sale' : 'ghost'} icon="bolt" icon-only label=${`Flash sale of ${title}`} expanded=${this.isComposing ? 'true' : 'false'} @click=${() => this.#ask('flash')}></lc-button>` : nothing}
      ${this.canPin ? html`<lc-button class="pin" variant="outline" label=${`${this.pin ? 'Unpin' : 'Pin'} ${title}`} @click=${() => this.#ask(this.pin ? 'unpin' : 'pin')}>${this.pin ? 'Unpin' : 'Pin'}</lc-button>` : nothing}`;
  }

  #ask(type: string): void {
    ask(this, type, this.product.id);
  }

  #key = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    ask(this, 'move', { id: this.product.id, to: this.index + by });
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-run-row': LcRunRow;
  }
}
