import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import './lc-icon';
import type { IconName } from './icons';
import { isRtl, roved } from './roving';
import { base } from './shared';

export interface Tab {
  value: string;
  text: string;
  icon?: IconName;
  count?: number;
}

/** A row of tabs: `change` tells that `value` moved. The panel belongs to whoever listens. */
@customElement('lc-tabs')
export class LcTabs extends LitElement {
  static override styles = [base, css`
    div { display: flex; gap: var(--s-1); }
    button { display: inline-flex; flex: var(--tab-flex, none); align-items: center; justify-content: center; min-inline-size: var(--target); gap: 0.4em; min-block-size: var(--control); padding: 0 var(--s-3); border: 0; border-radius: var(--r-m); background: none; color: var(--ink-2); font-size: var(--t-m); font-weight: var(--w-bold); white-space: nowrap; cursor: pointer; }
    button:hover { background: var(--surface-2); }
    [aria-selected='true'] { background: var(--accent-soft); color: var(--accent-ink); }
    .n { font-weight: 400; font-size: var(--t-s); opacity: 0.9; font-variant-numeric: tabular-nums; }
  `];

  @property() label = '';
  @property() value = '';
  @property({ attribute: false }) tabs: Tab[] = [];

  override render(): TemplateResult {
    return html`<div role="tablist" aria-label=${this.label} @keydown=${this.#key}>${this.tabs.map(({ value, text, icon, count }) => html`
      <button type="button" role="tab" aria-selected=${String(value === this.value)} tabindex=${value === this.value ? 0 : -1}
        @click=${() => this.#choose(value)}>${icon ? html`<lc-icon name=${icon}></lc-icon>` : nothing}${text}
        ${count === undefined ? nothing : html`<span class="n">${count}</span>`}</button>`)}</div>`;
  }

  #choose(value: string): void {
    if (value === this.value) return;
    this.value = value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }

  #key = (event: KeyboardEvent): void => {
    const at = this.tabs.findIndex(({ value }) => value === this.value);
    const next = roved(event, at, this.tabs.length, isRtl(this));
    if (next === null) return;
    event.preventDefault();
    this.#choose(this.tabs[next]?.value ?? this.value);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-tabs': LcTabs;
  }
}
