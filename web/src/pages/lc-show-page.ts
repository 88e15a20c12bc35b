import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import '../elements/lc-button';
import '../elements/lc-card';
import '../elements/lc-chat';
import '../elements/lc-composer';
import type { LcComposer } from '../elements/lc-composer';
import '../elements/lc-controls';
import '../elements/lc-curtain';
import { curtainOf } from '../elements/lc-curtain';
import '../elements/lc-dock-chip';
import '../elements/lc-player';
import type { LcPlayer } from '../elements/lc-player';
import '../elements/lc-reactions';
import '../elements/lc-shelf';
import '../elements/lc-toasts';
import type { LcToasts } from '../elements/lc-toasts';
import { base, sheet } from '../elements/shared';
import { cardView, dockedView, type CardView } from '../state/view';
import './lc-deskbar';
import './lc-show-top';
import css from './lc-show-page.css?inline';
import { openSheet, type SheetKind } from './sheets';
import { listen } from './show_requests';
import { Showing } from './showing';

/** `/shows/{id}`: watch, talk, buy. */
@customElement('lc-show-page')
export class LcShowPage extends LitElement {
  static override styles = [base, sheet(css)];

  @state() sheet: SheetKind | null = null;
  @state() productId = '';
  @state() spoken = '';
  @state() private urgent = '';
  @query('lc-player') player!: LcPlayer;
  @query('lc-composer') composer!: LcComposer;
  @query('lc-toasts') private toasts!: LcToasts;
  readonly showing = new Showing(this, decodeURIComponent(location.pathname.split('/')[2] ?? ''));

  override connectedCallback(): void {
    super.connectedCallback();
    listen(this);
    void this.showing.start();
  }

  openSheet(kind: SheetKind, productId = ''): void {
    this.sheet = kind;
    this.productId = productId;
  }

  closeSheet(): void {
    this.sheet = null;
  }

  toast(text: string): void {
    this.toasts.show({ text, ms: 4_000 });
  }

  /** Assertive: only for your own hold that is about to end. */
  alert(text: string): void {
    this.urgent = text;
    this.toast(text);
  }

  announce(text: string): void {
    if (text) this.spoken = text;
  }

  sent(): void {
    this.composer.sent();
  }

  waitFor(seconds: number): void {
    this.composer.waitFor(seconds);
  }

  openName = (): void => this.openSheet('name');
  closeName = (): void => this.closeSheet();

  override render(): TemplateResult {
    const { state: show, pins, link } = this.showing;
    const card = show ? cardView(show, pins) : null;
    const docked = show ? dockedView(show, card) : null;
    return html`<main class="stage" data-card=${card?.kind ?? 'none'} ?data-docked=${docked !== null} ?data-sheet=${this.sheet !== null}>
        <button class="skip" @click=${() => this.composer.focus()}>Skip to chat</button>
        <h1 class="vh phone-only">${show?.show.title ?? ''}</h1>
        <lc-deskbar class="deskbar" .shop=${show?.show.shop_name ?? ''} .heading=${show?.show.title ?? ''} .viewer=${this.showing.viewerName} .items=${this.showing.units}></lc-deskbar>
        <lc-player class="player" aria-label="Video of the show" .api=${this.showing.seat.api} .playback=${show?.playback ?? null} .poster=${show?.show.poster_url ?? null}
          ?lifted=${this.sheet !== null}>${show && curtainOf(show.show, show.playback) ? html`<lc-curtain .show=${show.show} .playback=${show.playback}></lc-curtain>` : nothing}</lc-player>
        <lc-show-top class="top" .state=${show} .link=${link}></lc-show-top>
        <section class="dock" aria-label="On screen now">${this.#rail()}
          ${docked ? html`<lc-dock-chip .view=${docked}></lc-dock-chip>` : nothing}
          ${card ? this.#card(card, docked !== null) : nothing}
        </section>
        <lc-controls class="controls" .status=${this.showing.player}></lc-controls>
        <lc-shelf class="shelf" role="complementary" aria-label="Shelf" .state=${show} .pins=${pins} .shownAt=${this.showing.shownAt} .waiting=${this.showing.isWaiting} .busy=${this.showing.buying.busy}></lc-shelf>
        ${this.#chat()}
        ${this.sheet && show ? openSheet({ ...this.showing.sheetData(), kind: this.sheet, productId: this.productId, state: show }) : nothing}
      </main>
      <p class="vh" role="status">${this.spoken}</p><p class="vh" role="alert">${this.urgent}</p><lc-toasts></lc-toasts>`;
  }

  #card(card: CardView, isDocked: boolean): TemplateResult {
    const { buying, isWaiting } = this.showing;
    return html`<lc-card .view=${card} .waiting=${isWaiting} .busy=${buying.busy === card.product.id} .quiet=${this.sheet !== null || isDocked}
      .said=${buying.said(card.product.id)} @pointerdown=${() => this.showing.holdCard()}></lc-card>`;
  }

  #rail(): TemplateResult {
    const { state: show, player, isWaiting } = this.showing;
    const hearts = Object.values(show?.reactions.counts ?? {}).reduce((sum, n) => sum + n, 0);
    const isMuted = player?.isMuted ?? false;
    const sound = player?.isMutedByBrowser ? 'Tap for sound' : isMuted ? 'Sound on' : 'Sound off';
    return html`<div class="rail">
      <lc-button class="phone-only" variant=${player?.isMutedByBrowser ? 'paper' : 'plate'} round icon-only icon=${isMuted ? 'muted' : 'volume'} label=${sound} @click=${() => this.player.toggleSound()}></lc-button>
      <lc-button class="phone-only share" variant="plate" round icon-only icon="share" label="Share" @click=${() => void this.showing.share()}></lc-button>
      <lc-reactions .count=${hearts} ?offline=${isWaiting}></lc-reactions>
    </div><lc-floats class="floats" .count=${hearts}></lc-floats>`;
  }

  #chat(): TemplateResult {
    const { state: show, talking, units, isWaiting } = this.showing;
    return html`<section class="chat" aria-label="Chat"><header><h2>Chat</h2></header>
      <lc-chat class="log" .messages=${show?.messages ?? []} .purchases=${show?.purchases ?? []} .youId=${show?.you.id ?? ''} .host=${show?.show.host.display_name ?? ''}></lc-chat>
      <div class="say">
        <lc-composer .mode=${show?.chat_mode ?? { slow_s: 0, hold_all: false, closed: false }} .mutedUntil=${show?.you.muted_until ?? null}
          .offline=${isWaiting} .busy=${talking.isBusy} .error=${talking.error} @post=${(event: CustomEvent<string>) => void talking.post(event.detail)}></lc-composer>
        <lc-button class="phone-only" variant="plate" round icon-only icon="list" label=${`Shelf, ${show?.lineup.length ?? 0} products`} @click=${() => this.openSheet('shelf')}></lc-button>
        <span class="cart phone-only"><lc-button variant="plate" round icon-only icon="bag" label=${`Cart, ${units} items`} @click=${() => this.openSheet('cart')}></lc-button>
          ${units ? html`<span class="n num" aria-hidden="true">${units}</span>` : nothing}</span>
      </div></section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'lc-show-page': LcShowPage;
  }
}
