import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import { money, reduction } from '../state/money';
import type { FlashSale } from '../state/types';
import { isFrom, optionWords, stockWords, unitsOf, type CardView } from '../state/view';
import { count } from '../state/words';
import './lc-button';
import './lc-chip';
import './lc-countdown';
import './lc-price';
import './lc-stock';
import './lc-tag';
import './lc-thumb';
import css from './lc-card.css?inline';
import { ask, base, sheet } from './shared';

/**
 * What is on screen now. The whole card opens the product (`open-product`), its button buys (`buy`) or takes a place in the line (`wait`).
 *
 * `waiting`: the connection is lost, numbers keep their last value, greyed. `busy`: a hold is being asked for.
 */
@customElement('lc-card')
export class LcCard extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) view: CardView | null = null;
  @property({ type: Boolean }) waiting = false;
  @property({ type: Boolean }) busy = false;
  /** A louder thing is open (a sheet, a flash sale in the dock): this card steps back to an outline. */
  @property({ type: Boolean }) quiet = false;
  /** What the last press led to: "You have 2, the most per person." */
  @property() said = '';

  override render(): TemplateResult | typeof nothing {
    const { view } = this;
    if (!view) return nothing;
    const isFlash = view.kind === 'flash' || view.kind === 'soon';
    const { sale } = view;
    const isSale = sale !== null;
    return html`${keyed(`${view.product.id} ${view.kind}`, html`<article class=${view.kind === 'flash' ? 'flash' : ''} aria-label=${isSale ? 'Flash sale' : 'On screen now'}>
      ${sale ? this.#strip(view, sale) : nothing}
      <div class="body">
        <lc-thumb .src=${view.variant.image_url ?? view.product.image_url} ?spent=${view.kind === 'taken' || view.kind === 'sold-out'}></lc-thumb>
        <div class=${this.waiting ? 'stale' : ''}>
          <button type="button" class="open" @click=${() => ask(this, 'open-product', view.product.id)}><span>${titleOf(view)}</span></button>
          <p class="sub"><bdi>${subOf(view)}</bdi></p>
          <lc-price .price=${view.price} .struck=${isFlash || !isSale ? view.struck : null} ?from=${isFrom(view)}></lc-price>
        </div>
        ${isSale ? html`<span></span>` : this.#button(view)}
      </div>
      ${sale ? html`<div class="foot">${view.kind === 'flash'
        ? html`<lc-stock class=${this.waiting ? 'stale' : ''} .available=${sale.available} .quantity=${sale.quantity}></lc-stock>` : nothing}${this.#button(view)}</div>` : nothing}
      ${this.said ? html`<p class="said" role="status">${this.said}</p>` : nothing}
    </article>`)}`;
  }

  #strip(view: CardView, sale: FlashSale): TemplateResult {
    if (view.kind === 'taken' || view.kind === 'sold-out') return html`<div class="strip"><lc-chip>Sold out</lc-chip><span class="grow"></span>
      ${view.kind === 'taken' ? html`<lc-countdown .deadline=${sale.closes_at}></lc-countdown>` : nothing}</div>`;
    const off = reduction(sale.price, sale.struck_price);
    return html`<div class="strip">${off ? html`<lc-tag>Flash sale ${off}</lc-tag>` : html`<lc-chip tone="accent">Flash sale</lc-chip>`}
      <lc-countdown .lead=${view.kind === 'soon' ? 'Opens in ' : ''} .deadline=${view.kind === 'soon' ? sale.opens_at : sale.closes_at}></lc-countdown></div>`;
  }

  #button(view: CardView): TemplateResult {
    const isWide = view.sale !== null;
    const press = (): void => ask(this, 'buy', view);
    if (this.waiting) return html`<lc-button ?wide=${isWide} disabled label="Waiting for the connection">Waiting</lc-button>`;
    switch (view.kind) {
      case 'flash':
        return html`<lc-button variant=${this.quiet ? 'outline' : 'sale'} wide ?busy=${this.busy} @click=${press}>${this.busy ? 'Holding…' : `Buy for ${money(view.price)}`}</lc-button>`;
      case 'soon':
        return html`<lc-button wide disabled label="Buy: the flash sale has not opened yet">Buy for ${money(view.price)}</lc-button>`;
      case 'taken':
        return html`<lc-button variant="outline" wide ?busy=${this.busy} label="Wait for one" @click=${() => ask(this, 'wait', view)}>Wait for one</lc-button>`;
      case 'sold-out':
        return html`<lc-button ?wide=${isWide} disabled label="Sold out">Sold out</lc-button>`;
      case 'plain':
        return html`<lc-button variant=${this.quiet ? 'outline' : 'primary'} ?busy=${this.busy} @click=${press}>${this.busy ? 'Holding…' : 'Buy'}</lc-button>`;
    }
  }
}

const titleOf = ({ product, variant, sale }: CardView): string =>
  sale && product.variants.length > 1 ? `${product.title}, ${variant.title}` : product.title;

/** "Up to 2 per person", "3 heights · In stock". */
function subOf({ kind, product, sale }: CardView): string {
  if (kind === 'taken') return 'All taken for now. Unpaid ones come back.';
  if (kind === 'sold-out' && sale) return `All ${count(sale.quantity)} are sold.`;
  if (sale) return sale.per_buyer_limit ? `Up to ${count(sale.per_buyer_limit)} per person` : `${count(sale.quantity)} at this price`;
  return [optionWords(product), stockWords(unitsOf(product))].filter(Boolean).join(' · ');
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-card': LcCard;
  }
}
