import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { isRtl, roved } from './roving';
import { base } from './shared';

export interface Choice {
  value: string;
  text: string;
}

/** A small choice, always one: `change` tells that `value` moved. */
@customElement('lc-segmented')
export class LcSegmented extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; }
    div { display: inline-flex; inline-size: 100%; padding: 2px; gap: 2px; border-radius: var(--r-m); background: var(--surface-2); }
    button { display: inline-flex; flex: 1; align-items: center; justify-content: center; min-block-size: calc(var(--control) - 4px); padding: 0 var(--s-3); border: 0; border-radius: calc(var(--r-m) - 2px); background: none; color: var(--ink-2); font-weight: var(--w-bold); font-size: var(--t-s); cursor: pointer; white-space: nowrap; font-variant-numeric: tabular-nums; }
    [aria-checked='true'] { background: var(--surface); color: var(--ink); box-shadow: 0 0 0 1px var(--line), var(--shadow-1); }
  `];

  @property() label = '';
  @property() value = '';
  @property({ attribute: false }) choices: Choice[] = [];

  override render(): TemplateResult {
    return html`<div role="radiogroup" aria-label=${this.label} @keydown=${this.#key}>${this.choices.map(({ value, text }) => html`
      <button type="button" role="radio" aria-checked=${String(value === this.value)} tabindex=${value === this.value ? 0 : -1}
        @click=${() => this.#choose(value)}>${text}</button>`)}</div>`;
  }

  #choose(value: string): void {
    if (value === this.value) return;
    this.value = value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }

  #key = (event: KeyboardEvent): void => {
    const at = this.choices.findIndex(({ value }) => value === this.value);
    const next = roved(event, at, this.choices.length, isRtl(this));
    if (next === null) return;
    event.preventDefault();
    this.#choose(this.choices[next]?.value ?? this.value);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-checked="true"]')?.focus());
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-segmented': LcSegmented;
  }
}
