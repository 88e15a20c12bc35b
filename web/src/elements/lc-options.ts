import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Product } from '../state/types';
import { ask, base } from './shared';
import { isRtl, roved } from './roving';

/** The axes of a product ("Glaze", "Size"). What cannot be had is struck and dashed, and still tells so when focused. */
@customElement('lc-options')
export class LcOptions extends LitElement {
  static override styles = [base, css`
    :host { display: grid; gap: var(--s-4); }
    .axis { display: grid; gap: var(--s-2); }
    .legend { display: flex; gap: 0.4em; font-size: var(--t-s); font-weight: var(--w-bold); color: var(--ink-2); }
    .legend span { font-weight: 400; color: var(--ink-3); }
    .opts { display: flex; flex-wrap: wrap; gap: var(--s-2); }
    button { display: inline-flex; align-items: center; gap: var(--s-2); min-block-size: var(--target); padding: 0 var(--s-3); border: 1px solid var(--line-strong); border-radius: var(--r-m); background: var(--surface); font-size: var(--t-m); cursor: pointer; }
    [aria-checked='true'] { box-shadow: inset 0 0 0 2px var(--accent); border-color: var(--accent); background: var(--accent-soft); font-weight: var(--w-bold); }
    [aria-disabled='true'] { color: var(--ink-3); border-style: dashed; }
    s { text-decoration-thickness: 1px; }
  `];

  @property({ attribute: false }) product: Product | null = null;
  @property({ attribute: false }) chosen: Record<string, string> = {};

  override render(): TemplateResult | typeof nothing {
    const { product } = this;
    if (!product) return nothing;
    return html`${product.options.map(({ name, values }) => html`<div class="axis">
      <p class="legend">${name} <span>${this.chosen[name] ?? 'choose one'}</span></p>
      <div class="opts" role="radiogroup" aria-label=${name} @keydown=${(event: KeyboardEvent) => this.#key(event, name, values)}>
        ${values.map((value, at) => this.#option(product, name, value, at))}</div></div>`)}`;
  }

  #option(product: Product, name: string, value: string, at: number): TemplateResult {
    const isChosen = this.chosen[name] === value;
    const isLeft = this.#canBeHad(product, name, value);
    const isStop = isChosen || (this.chosen[name] === undefined && at === 0);
    return html`<button type="button" role="radio" aria-checked=${String(isChosen)} aria-disabled=${isLeft ? nothing : 'true'} tabindex=${isStop ? 0 : -1}
      aria-label=${isLeft ? nothing : `${value}, sold out`} @click=${() => this.#choose(name, value)}>${isLeft ? value : html`<s>${value}</s>`}</button>`;
  }

  /** Some variant with this value and what else is chosen has stock. */
  #canBeHad(product: Product, name: string, value: string): boolean {
    const wanted = { ...this.chosen, [name]: value };
    return product.variants.some((variant) => variant.available > 0 && Object.entries(wanted).every(([key, want]) => variant.options[key] === want));
  }

  #choose(name: string, value: string): void {
    ask(this, 'choose', { ...this.chosen, [name]: value });
  }

  #key(event: KeyboardEvent, name: string, values: string[]): void {
    const next = roved(event, values.indexOf(this.chosen[name] ?? ''), values.length, isRtl(this));
    if (next === null) return;
    event.preventDefault();
    this.#choose(name, values[next] ?? '');
    const group = event.currentTarget as HTMLElement;
    void this.updateComplete.then(() => (group.children[next] as HTMLElement).focus());
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-options': LcOptions;
  }
}
