import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { count } from '../state/words';
import { base } from './shared';

/** What is left of a fenced quantity, as a number and a bar. */
@customElement('lc-stock')
export class LcStock extends LitElement {
  static override styles = [base, css`
    :host { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: 0.3rem var(--s-3); font-size: var(--t-xs); color: var(--ink-2); }
    .track { block-size: 0.375rem; border-radius: 3px; background: var(--surface-3); overflow: hidden; }
    i { display: block; block-size: 100%; inline-size: var(--v, 0%); background: var(--sale); box-shadow: 1px 0 0 var(--on-sale); transition: inline-size var(--base) var(--ease); }
  `];

  @property({ type: Number }) available = 0;
  @property({ type: Number }) quantity = 0;

  override render(): TemplateResult {
    return html`<span class="track" aria-hidden="true"><i></i></span><b class="num"><bdi>${count(this.available)} of ${count(this.quantity)} left</bdi></b>`;
  }

  protected override updated(): void {
    const share = this.quantity ? Math.min(1, this.available / this.quantity) : 0;
    this.style.setProperty('--v', `${Math.round(share * 100)}%`);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-stock': LcStock;
  }
}
