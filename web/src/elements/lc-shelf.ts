import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { ShowState } from '../state/reducer';
import { reduction } from '../state/money';
import type { Pin } from '../state/types';
import { isFrom, optionWords, stockWords, unitsOf, viewOf, type CardView } from '../state/view';
import { clockTime, count } from '../state/words';
import './lc-button';
import './lc-chip';
import './lc-icon';
import './lc-price';
import './lc-thumb';
import css from './lc-shelf.css?inline';
import { ask, base, sheet } from './shared';

/** Everything of this show, in the host's order; what is on screen now stands first. Asks like the card. */
@customElement('lc-shelf')
export class LcShelf extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) state: ShowState | null = null;
  @property({ attribute: false }) pins: Pin[] = [];
  /** product id → when it was last pinned. */
  @property({ attribute: false }) shownAt: ReadonlyMap<string, string> = new Map();
  @property({ type: Boolean }) waiting = false;
  @property() busy = '';
  /** Without its own head, inside a sheet. */
  @property({ type: Boolean, reflect: true }) bare = false;

  override render(): TemplateResult | typeof nothing {
    if (!this.state) return nothing;
    const rows = this.#rows(this.state);
    return html`<header><h2>Shelf <span class="muted num">${count(rows.length)}</span></h2></header>
      ${rows.length ? html`<ul>${repeat(rows, ({ product }) => product.id, (view) => this.#row(view))}</ul>`
        : html`<p class="empty">The products of this show appear here.</p>`}`;
  }

  #isNow(productId: string): boolean {
    return this.pins.some((pin) => pin.product_id === productId);
  }

  #rows(state: ShowState): CardView[] {
    const views = state.lineup.map((product) => viewOf(state, product)).filter((view) => view !== null);
    const loud = (view: CardView): number => (view.kind === 'flash' || this.#isNow(view.product.id) ? 0 : 1);
    return views.sort((a, b) => loud(a) - loud(b));
  }

  #row(view: CardView): TemplateResult {
    const { product, kind } = view;
    const isSold = kind === 'sold-out' || kind === 'taken';
    return html`<li class=${this.#isNow(product.id) ? 'now' : ''}>
      <lc-thumb .src=${view.variant.image_url ?? product.image_url} ?spent=${isSold}></lc-thumb>
      <div>
        <button type="button" class="open" @click=${() => ask(this, 'open-product', product.id)}>${product.title}</button>
        <p class="meta">${this.#meta(view)}</p>
        <lc-price .price=${view.price} .struck=${kind === 'flash' || kind === 'plain' ? view.struck : null} ?from=${isFrom(view)}></lc-price>
      </div>
      ${kind === 'taken' ? html`<lc-button variant="outline" ?busy=${this.busy === product.id} ?disabled=${this.waiting}
        label=${this.waiting ? 'Waiting for the connection' : `Wait for ${product.title}`} @click=${() => ask(this, 'wait', view)}>Wait</lc-button>` : nothing}
      ${isSold || kind === 'soon' ? nothing : html`<lc-button ?busy=${this.busy === product.id} ?disabled=${this.waiting}
        label=${this.waiting ? 'Waiting for the connection' : `Buy ${product.title}`} @click=${() => ask(this, 'buy', view)}>Buy</lc-button>`}
    </li>`;
  }

  #meta(view: CardView): TemplateResult {
    const { product, sale, kind } = view;
    if (kind === 'sold-out' || kind === 'taken') return html`Sold out`;
    if (kind === 'soon') return html`Flash sale soon`;
    if (sale) {
      const off = reduction(sale.price, sale.struck_price);
      return html`${off ? html`<lc-chip tone="sale"><bdi dir="ltr">${off}</bdi></lc-chip>` : nothing}<bdi class="num">${count(sale.available)} left</bdi>`;
    }
    const few = stockWords(unitsOf(product));
    const at = this.shownAt.get(product.id);
    if (this.#isNow(product.id)) return html`<lc-icon name="pin"></lc-icon>On screen now`;
    const words = [at ? `Shown at ${clockTime(at)}` : optionWords(product), few === 'In stock' ? '' : few].filter(Boolean);
    return html`<bdi>${words.join(' · ') || 'In stock'}</bdi>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-shelf': LcShelf;
  }
}
