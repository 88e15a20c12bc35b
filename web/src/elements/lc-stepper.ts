import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import './lc-icon';
import { base } from './shared';

/** A number by one less and one more, within `min` and `max`; says `change`. */
@customElement('lc-stepper')
export class LcStepper extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; align-items: center; border: 1px solid var(--line-strong); border-radius: var(--r-m); }
    button { inline-size: var(--target); block-size: var(--control); padding: 0; border: 0; background: none; cursor: pointer; border-radius: var(--r-m); }
    button[aria-disabled='true'] { color: var(--ink-3); cursor: default; }
    b { min-inline-size: 1.5rem; text-align: center; }
  `];

  @property() label = 'Quantity';
  @property({ type: Number }) value = 1;
  @property({ type: Number }) min = 1;
  @property({ type: Number }) max = 99;

  override render(): TemplateResult {
    return html`<button type="button" aria-label=${`${this.label}: one less`} aria-disabled=${String(this.value <= this.min)} @click=${() => this.#step(-1)}><lc-icon name="minus"></lc-icon></button>
      <b class="num" role="status" aria-label=${this.label}>${this.value}</b>
      <button type="button" aria-label=${`${this.label}: one more`} aria-disabled=${String(this.value >= this.max)} @click=${() => this.#step(1)}><lc-icon name="plus"></lc-icon></button>`;
  }

  #step(by: number): void {
    const next = Math.min(this.max, Math.max(this.min, this.value + by));
    if (next === this.value) return;
    this.value = next;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-stepper': LcStepper;
  }
}
