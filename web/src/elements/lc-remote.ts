import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { cheapest, inStock } from '../state/products';
import type { FlashSale, Pin, Product } from '../state/types';
import { count } from '../state/words';
import './lc-button';
import './lc-elapsed';
import './lc-icon';
import './lc-panel';
import './lc-price';
import { ask, base } from './shared';
import './lc-thumb';

const AHEAD = 30;

/** The run sheet for one thumb: what is on screen, and what comes next. Asks with `pin`, `unpin` and `flash` (a product id). Slot `composer`. */
@customElement('lc-remote')
export class LcRemote extends LitElement {
  static override styles = [base, css`
    :host { display: grid; gap: var(--s-3); }
    .card { background: var(--surface); border: 1px solid var(--line); border-radius: var(--r-l); overflow: hidden; }
    .big { display: grid; grid-template-columns: 5.5rem minmax(0, 1fr); gap: var(--s-3); align-items: center; padding: var(--s-3); --thumb: 5.5rem; }
    .big h2 { font-size: var(--t-xl); }
    .at { display: flex; align-items: center; gap: 0.35em; font-size: var(--t-s); color: var(--ink-3); }
    .figures { margin-block-start: 2px; --price: var(--t-m); }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: var(--s-2); padding: 0 var(--s-3) var(--s-3); --button-size: 3.25rem; }
    li { display: grid; grid-template-columns: 3.25rem minmax(0, 1fr) auto auto; gap: var(--s-2) var(--s-3); align-items: center; padding: var(--s-2) var(--s-2) var(--s-2) var(--s-3); border-block-start: 1px solid var(--line); --thumb: 3.25rem; --price: var(--t-s); }
    li:first-child { border: 0; }
    b.clip { display: block; }
    ::slotted([slot='composer']) { border: 1px solid var(--line); border-radius: var(--r-l); }
    .none { padding: var(--s-4); color: var(--ink-3); font-size: var(--t-s); }
  `];

  @property({ attribute: false }) products: Product[] = [];
  @property({ attribute: false }) pins: Pin[] = [];
  @property({ attribute: false }) sales: FlashSale[] = [];
  @property({ type: Boolean }) canPin = false;
  @property({ type: Boolean }) canSell = false;

  override render(): TemplateResult {
    const [pin] = this.pins;
    const at = pin ? this.products.findIndex(({ id }) => id === pin.product_id) : -1;
    const shown = this.products[at];
    const next = [...this.products.slice(at + 1), ...this.products.slice(0, Math.max(0, at))].slice(0, AHEAD);
    return html`${pin && shown ? this.#shown(shown, pin) : html`<div class="card none">Nothing is pinned.</div>`}
      <slot name="composer"></slot>
      <lc-panel heading="Next">${next.length ? html`<ul>${next.map((product, index) => this.#next(product, index === 0))}</ul>` : html`<p class="none">No more products in the run sheet.</p>`}</lc-panel>`;
  }

  #shown(product: Product, pin: Pin): TemplateResult {
    const sale = this.sales.find(({ product_id, state }) => product_id === product.id && state === 'open');
    return html`<section class="card" aria-label="On screen now"><div class="big"><lc-thumb .src=${product.image_url}></lc-thumb><div>
        <p class="at"><lc-icon name="pin"></lc-icon>On screen for <lc-elapsed since=${pin.pinned_at}></lc-elapsed></p><h2>${product.title}</h2>
        <p class="figures"><lc-price .price=${sale?.price ?? cheapest(product)} .struck=${sale?.struck_price ?? null}></lc-price> <span class="muted num">${sale ? `${count(sale.available)} of ${count(sale.quantity)} left` : this.#left(product)}</span></p></div></div>
      <div class="pair">${this.canPin ? html`<lc-button wide variant="outline" label=${`Unpin ${product.title}`} @click=${() => ask(this, 'unpin', product.id)}>Unpin</lc-button>` : nothing}
        ${this.canSell ? html`<lc-button wide variant="sale" icon="bolt" label=${`Flash sale of ${product.title}`} @click=${() => ask(this, 'flash', product.id)}>Flash sale</lc-button>` : nothing}</div></section>`;
  }

  #next(product: Product, isFirst: boolean): TemplateResult {
    return html`<li><lc-thumb .src=${product.image_url} ?spent=${inStock(product) === 0}></lc-thumb>
      <div><b class="clip" title=${product.title}>${product.title}</b><span class="muted small num"><lc-price .price=${cheapest(product)}></lc-price> · ${this.#left(product)}</span></div>
      ${this.canSell ? html`<lc-button variant="ghost" icon="bolt" icon-only label=${`Flash sale of ${product.title}`} @click=${() => ask(this, 'flash', product.id)}></lc-button>` : html`<span></span>`}
      ${this.canPin ? html`<lc-button variant=${isFirst ? 'primary' : 'outline'} label=${`Pin ${product.title}`} @click=${() => ask(this, 'pin', product.id)}>Pin</lc-button>` : nothing}</li>`;
  }

  #left(product: Product): string {
    const left = inStock(product);
    return left ? `${count(left)} left` : 'sold out';
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-remote': LcRemote;
  }
}
