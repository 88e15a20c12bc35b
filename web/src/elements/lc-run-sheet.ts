import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import staff from '../css/staff.css?inline';
import { moved, without } from '../state/lineup';
import type { FlashSale, Pin, Product } from '../state/types';
import { plural } from '../state/words';
import './lc-button';
import './lc-panel';
import { LcRunRow } from './lc-run-row';
import { ask, base, sheet } from './shared';

/**
 * The lineup of a show, in the order in which the host presents it.
 *
 * A new order is asked for with `lineup` (the ids), and shown when the server confirmed it; `add` opens the catalogue.
 * The slot `composer` stands under the product named by `composing`.
 */
@customElement('lc-run-sheet')
export class LcRunSheet extends LitElement {
  static override styles = [base, sheet(staff), css`
    :host { display: grid; min-block-size: 0; }
    ol { border-block-start: 1px solid var(--line); }
    li:last-child { border: 0; }
    .empty { display: grid; justify-items: center; gap: var(--s-3); padding: var(--s-12) var(--s-4); text-align: center; border-block-start: 1px solid var(--line); }
    .note { font-weight: 400; font-size: var(--t-s); margin-inline-start: 0.4em; }
    .mark { position: relative; z-index: 1; block-size: 2px; margin-block-end: -2px; background: var(--accent); }
  `];

  @property({ attribute: false }) products: Product[] = [];
  @property({ attribute: false }) pins: Pin[] = [];
  @property({ attribute: false }) sales: FlashSale[] = [];
  @property() composing: string | null = null;
  @property({ type: Boolean }) canPin = false;
  @property({ type: Boolean }) canEdit = false;
  @property({ type: Boolean }) canSell = false;
  @state() private drag: { id: string; to: number } | null = null;
  /** The row that was moved by key: it keeps the focus at its new place. */
  #moving: string | null = null;

  override render(): TemplateResult {
    return html`<lc-panel heading="Run sheet"><span slot="note" class="muted num note">${plural(this.products.length, 'product', 'products')}</span>
      ${this.canEdit ? html`<lc-button slot="tools" variant="outline" icon="plus" @click=${() => ask(this, 'add')}>Add products</lc-button>` : nothing}
      ${this.products.length ? this.#list() : this.#empty()}</lc-panel>`;
  }

  #empty(): TemplateResult {
    return html`<div class="empty"><p>${this.canEdit ? 'Add the first product. Its place here is the order of your show.' : 'No products yet.'}</p></div>`;
  }

  #list(): TemplateResult {
    const next = this.#nextId();
    return html`<ol @grab=${this.#grab} @move=${this.#move} @remove=${this.#remove}>
      ${repeat(this.products, (product) => product.id, (product, index) => html`<li>
        ${this.drag?.to === index ? html`<div class="mark"></div>` : nothing}
        <lc-run-row .product=${product} .index=${index} .length=${this.products.length} ?dragged=${this.drag?.id === product.id}
          .pin=${this.pins.find((pin) => pin.product_id === product.id) ?? null}
          .sale=${this.sales.find((sale) => sale.product_id === product.id) ?? null}
          .isNext=${product.id === next} .isComposing=${product.id === this.composing}
          .canPin=${this.canPin} .canEdit=${this.canEdit} .canSell=${this.canSell}></lc-run-row>
        ${product.id === this.composing ? html`<slot name="composer"></slot>` : nothing}</li>`)}
      ${this.drag?.to === this.products.length ? html`<li class="mark"></li>` : nothing}</ol>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('products') || this.#moving === null) return;
    this.#row(this.#moving)?.focusGrip();
    this.#moving = null;
  }

  /** What comes after the product on screen. */
  #nextId(): string | null {
    const [pin] = this.pins;
    const at = pin ? this.products.findIndex((product) => product.id === pin.product_id) : -1;
    return this.products[at + 1]?.id ?? null;
  }

  #rows(): LcRunRow[] {
    return [...this.renderRoot.querySelectorAll('lc-run-row')];
  }

  #row(id: string): LcRunRow | undefined {
    return this.#rows().find((row) => row.product.id === id);
  }

  #reorder(id: string, to: number): void {
    const ids = this.products.map((product) => product.id);
    const from = ids.indexOf(id);
    const place = Math.max(0, Math.min(ids.length - 1, to));
    if (from >= 0 && place !== from) ask(this, 'lineup', moved(ids, from, place));
  }

  #move = ({ detail }: CustomEvent<{ id: string; to: number }>): void => {
    this.#moving = detail.id;
    this.#reorder(detail.id, detail.to);
  };

  #remove = ({ detail }: CustomEvent<string>): void => {
    ask(this, 'lineup', without(this.products.map((product) => product.id), detail));
  };

  /** Follows one pointer from press to release; Escape and a lost pointer let go without a change. */
  #grab = ({ detail: press, target }: CustomEvent<PointerEvent>): void => {
    if (press.button !== 0 || !(target instanceof LcRunRow)) return;
    const { id } = target.product;
    const stop = new AbortController();
    const end = (): void => {
      stop.abort();
      this.drag = null;
    };
    const on = (type: 'pointermove' | 'pointerup' | 'pointercancel', listener: (event: PointerEvent) => void): void =>
      addEventListener(type, listener, { signal: stop.signal });
    on('pointermove', ({ clientY }) => (this.drag = { id, to: this.#placeAt(clientY) }));
    on('pointercancel', end);
    on('pointerup', () => {
      const { drag } = this;
      end();
      const from = this.products.findIndex((product) => product.id === id);
      if (drag) this.#reorder(id, drag.to > from ? drag.to - 1 : drag.to);
    });
    addEventListener('keydown', (event) => void (event.key === 'Escape' && end()), { signal: stop.signal });
    press.preventDefault();
  };

  /** Index before which a row released at this height would stand. */
  #placeAt(y: number): number {
    const at = this.#rows().findIndex((row) => {
      const { top, height } = row.getBoundingClientRect();
      return y < top + height / 2;
    });
    return at < 0 ? this.products.length : at;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-run-sheet': LcRunSheet;
  }
}
