import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { money } from '../state/money';
import type { CardView } from '../state/view';
import { count } from '../state/words';
import './lc-countdown';
import './lc-tag';
import './lc-thumb';
import { ask, base } from './shared';

/** A flash sale that goes on while the card shows something else; a press brings its product. */
@customElement('lc-dock-chip')
export class LcDockChip extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; }
    button { display: inline-flex; align-items: center; gap: var(--s-2); min-block-size: var(--target); padding: 0 var(--s-3) 0 var(--s-2); border: 0; border-radius: var(--r-pill); background: var(--plate); color: var(--video-ink); font-size: var(--t-s); cursor: pointer; white-space: nowrap; }
    lc-thumb { --thumb: 1.9rem; border-radius: 50%; }
  `];

  @property({ attribute: false }) view: CardView | null = null;

  override render(): TemplateResult | typeof nothing {
    const { view } = this;
    if (!view?.sale) return nothing;
    return html`<button type="button" aria-label=${`Flash sale: ${view.product.title}, ${money(view.sale.price)}`} @click=${() => ask(this, 'open-product', view.product.id)}>
      <lc-thumb .src=${view.variant.image_url ?? view.product.image_url}></lc-thumb><lc-tag>${money(view.sale.price)}</lc-tag>
      <lc-countdown .deadline=${view.sale.closes_at}></lc-countdown><span class="num">${count(view.sale.available)} left</span></button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-dock-chip': LcDockChip;
  }
}
