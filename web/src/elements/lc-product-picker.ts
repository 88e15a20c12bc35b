import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { cheapest, inStock } from '../state/products';
import type { Product } from '../state/types';
import { count } from '../state/words';
import './lc-button';
import './lc-dialog';
import './lc-field';
import './lc-price';
import { ask, base } from './shared';
import './lc-thumb';

/** The catalogue, to put products into the lineup. Asks with `choose` (a product id) and `close`. */
@customElement('lc-product-picker')
export class LcProductPicker extends LitElement {
  static override styles = [base, css`
    lc-dialog { --dialog: 36rem; }
    ul { margin-block-start: var(--s-3); }
    li { display: grid; grid-template-columns: 2.75rem minmax(0, 1fr) auto auto; gap: var(--s-3); align-items: center; min-block-size: 3.5rem; border-block-start: 1px solid var(--line); --thumb: 2.75rem; --price: var(--t-m); }
    b.clip { display: block; }
    small { display: block; font-size: var(--t-xs); color: var(--ink-3); }
    .none { padding: var(--s-4) 0; }
  `];

  @property() heading = 'Add products';
  @property() verb = 'Add';
  /** The products to choose from; null while they load. */
  @property({ attribute: false }) products: Product[] | null = null;
  /** Ids that are chosen already. */
  @property({ attribute: false }) chosen: readonly string[] = [];
  @property() chosenWord = 'In the show';
  @state() private search = '';

  override render(): TemplateResult {
    return html`<lc-dialog heading=${this.heading}>
      <lc-field label="Search" label-hidden type="search" placeholder="Search by name or SKU" .value=${this.search} @input=${this.#searched}></lc-field>
      ${this.#found()}</lc-dialog>`;
  }

  #found(): TemplateResult {
    if (!this.products) return html`<p class="muted none">Loading the catalogue.</p>`;
    const wanted = this.search.trim().toLowerCase();
    const found = this.products.filter((product) => !product.is_archived && [product.title, ...product.variants.map(({ sku }) => sku)].some((text) => text.toLowerCase().includes(wanted)));
    if (found.length === 0) return html`<p class="muted none">${this.products.length ? 'No product has this name.' : 'The catalogue is empty. Products are added by the owner or with “livecommerce import”.'}</p>`;
    return html`<ul>${found.map((product) => html`<li><lc-thumb .src=${product.image_url}></lc-thumb>
      <span class="grow"><b class="clip">${product.title}</b><small class="num">${inStock(product) ? `${count(inStock(product))} in stock` : 'Sold out'}</small></span>
      <lc-price .price=${cheapest(product)}></lc-price>
      ${this.chosen.includes(product.id) ? html`<span class="muted small">${this.chosenWord}</span>`
        : html`<lc-button variant="outline" label=${`${this.verb} ${product.title}`} @click=${() => ask(this, 'choose', product.id)}>${this.verb}</lc-button>`}</li>`)}</ul>`;
  }

  #searched = (event: Event): void => {
    this.search = (event.target as HTMLInputElement).value;
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-product-picker': LcProductPicker;
  }
}
