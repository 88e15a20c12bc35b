import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import staff from '../css/staff.css?inline';
import { money } from '../state/money';
import { NO_TREND, type Numbers, type Trend } from '../state/numbers';
import { clockTime, count, plural } from '../state/words';
import css from './lc-numbers.css?inline';
import './lc-panel';
import './lc-spark';
import { base, sheet } from './shared';

interface Figure {
  label: string;
  value: string;
  note: string;
  trend: readonly number[];
}

/** The live numbers of a show. What the server has not said is a dash, never a guess. */
@customElement('lc-numbers')
export class LcNumbers extends LitElement {
  static override styles = [base, sheet(staff), sheet(css)];

  @property({ attribute: false }) numbers: Numbers | null = null;
  /** The current count of viewers, which the socket tells sooner than the numbers. */
  @property({ attribute: false }) viewers: number | null = null;
  @property({ attribute: false }) trend: Trend = NO_TREND;
  /** When the numbers stopped being current. */
  @property({ attribute: false }) staleSince: number | null = null;
  /** Four figures in a row. */
  @property({ type: Boolean, reflect: true }) compact = false;
  /** Three figures in a row, for the remote control. */
  @property({ type: Boolean, reflect: true }) strip = false;

  override render(): TemplateResult {
    this.toggleAttribute('stale', this.staleSince !== null);
    const grid = html`<div class="grid">${this.#figures().map((figure) => html`<div>
      <div class="stat"><small>${figure.label}</small><b>${figure.value}</b><em>${figure.note}</em></div>
      <lc-spark .values=${figure.trend}></lc-spark></div>`)}</div>`;
    if (this.strip) return html`<section class="card" aria-label="Live numbers">${grid}</section>`;
    const age = this.staleSince === null ? nothing : html`<span slot="tools" class="fold">as of ${clockTime(this.staleSince)}</span>`;
    return html`<lc-panel heading="Right now">${age}${grid}</lc-panel>`;
  }

  #figures(): Figure[] {
    const n = this.numbers;
    const all = [this.#watching(), this.#revenue(), this.#sold(), this.#reactions()].filter((figure) => figure !== null);
    if (this.strip) return all.slice(0, 3);
    return all.length % 2 === 0 ? all : [...all, { label: 'In carts', value: n ? count(n.holds_open) : '–', note: 'holds that are open', trend: [] }];
  }

  #watching(): Figure {
    const value = this.viewers ?? this.numbers?.viewers;
    return { label: 'Watching', value: value === undefined ? '–' : count(value), note: this.numbers ? `peak ${count(Math.max(this.numbers.peak_viewers, value ?? 0))}` : '', trend: this.trend.viewers };
  }

  #revenue(): Figure | null {
    const { numbers } = this;
    if (!numbers?.revenue) return null;
    const each = numbers.orders ? { ...numbers.revenue, amount: (Number(numbers.revenue.amount) / numbers.orders).toFixed(2) } : null;
    return { label: 'Revenue', value: money(numbers.revenue), note: each ? `${money(each)} per order` : '', trend: this.trend.revenue };
  }

  #sold(): Figure {
    return { label: 'Items sold', value: this.numbers ? count(this.numbers.units) : '–', note: this.numbers ? plural(this.numbers.orders, 'order', 'orders') : '', trend: this.trend.units };
  }

  #reactions(): Figure {
    return { label: 'Reactions', value: this.numbers ? count(this.numbers.reactions) : '–', note: this.numbers ? plural(this.numbers.messages, 'message', 'messages') : '', trend: this.trend.reactions };
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-numbers': LcNumbers;
  }
}
