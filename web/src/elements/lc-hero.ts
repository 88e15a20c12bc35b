import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Snapshot } from '../state/events';
import { reduction } from '../state/money';
import { fromSnapshot } from '../state/reducer';
import type { Show } from '../state/types';
import { cardView, stockWords, unitsOf, type CardView } from '../state/view';
import { count } from '../state/words';
import './lc-avatar';
import './lc-button';
import './lc-chip';
import css from './lc-hero.css?inline';
import './lc-price';
import './lc-tag';
import './lc-thumb';
import { base, sheet } from './shared';

/** A show that is live now. What is on screen and how many watch come with the snapshot, later than the rest. */
@customElement('lc-hero')
export class LcHero extends LitElement {
  static override styles = [base, sheet(css)];

  @property({ attribute: false }) show: Show | null = null;
  @property({ attribute: false }) snapshot: Snapshot | null = null;

  override render(): TemplateResult | typeof nothing {
    const { show, snapshot } = this;
    if (!show) return nothing;
    const state = snapshot && fromSnapshot(snapshot);
    const card = state && cardView(state, state.pins);
    const viewers = snapshot?.audience.viewers;
    return html`<div class="pic">${show.poster_url ? html`<img src=${show.poster_url} alt="" />` : nothing}
        <div class="row on-video">${show.status === 'live' ? html`<lc-chip tone="live">LIVE</lc-chip>` : html`<lc-chip tone="plate">Paused</lc-chip>`}
          ${viewers === undefined ? nothing : html`<lc-chip tone="plate" icon="eye">${count(viewers)} watching</lc-chip>`}</div></div>
      <div class="txt"><p class="by row"><lc-avatar .name=${show.host.display_name}></lc-avatar>${show.host.display_name}</p>
        <h1>${show.title}</h1>${show.description ? html`<p class="by">${show.description}</p>` : nothing}
        ${card ? this.#now(card) : nothing}
        <lc-button variant="primary" href=${`/shows/${encodeURIComponent(show.id)}`}>Watch now</lc-button></div>`;
  }

  #now({ product, variant, sale, kind, price, struck }: CardView): TemplateResult {
    const off = kind === 'flash' ? reduction(price, struck) : null;
    const left = sale?.state === 'open' ? `${count(sale.available)} left` : stockWords(unitsOf(product));
    return html`<div class="now"><lc-thumb .src=${variant.image_url ?? product.image_url}></lc-thumb>
      <div class="grow">${off ? html`<lc-tag>Flash sale ${off}</lc-tag>` : nothing}<p class="clip">${product.title} · <b class="num">${left}</b></p></div>
      <lc-price .price=${price}></lc-price></div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-hero': LcHero;
  }
}
