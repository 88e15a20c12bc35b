import type { PlayerStatus } from '../elements/lc-player';
import { Cart } from '../net/cart';
import { serverClock } from '../net/clock';
import type { Link } from '../net/live_show';
import { Seat } from '../net/seat';
import { announceCard, announceShow } from '../state/announce';
import type { Envelope, Notice } from '../state/events';
import { PinGate } from '../state/pin_gate';
import { FOR_GOOD, type ShowState } from '../state/reducer';
import type { Address, Hold, Pin } from '../state/types';
import { cardView, saleOf, type CardView } from '../state/view';
import { Buying } from './buying';
import type { LcShowPage } from './lc-show-page';
import type { SheetData } from './sheets';
import { Talking } from './talking';

const PIN_TICK_MS = 100;
const HOLD_LOOK_MS = 5_000;
const SEAT_AGAIN_MS = 3_000;

/** What the show page knows: the seat in the show, pins in time with the picture, cart, chat. Tells the page to render. */
export class Showing {
  readonly seat: Seat;
  readonly cart: Cart;
  readonly buying: Buying;
  readonly talking: Talking;
  readonly shownAt = new Map<string, string>();
  state: ShowState | null = null;
  player: PlayerStatus | null = null;
  address: Address | null = null;
  #gate = new PinGate();
  #card: CardView | null = null;
  #hasOrders = false;

  constructor(private readonly page: LcShowPage, showId: string) {
    this.seat = new Seat('viewer', showId);
    this.cart = new Cart(this.seat.api, this.seat.live, showId);
    this.buying = new Buying(page, this.cart, showId, (want) => saleOf(this.state as ShowState, want.product_id, want.variant_id)?.per_buyer_limit ?? null);
    this.talking = new Talking(page, this.seat);
    this.seat.onEvents = (_, events) => this.#marked(events.findLast(({ media_ts }) => media_ts != null));
    this.seat.onNotice = (notice) => this.#noticed(notice);
    this.seat.state.subscribe((state) => state && this.#changed(state));
    this.seat.link.subscribe((link) => this.#linked(link));
    for (const store of [this.cart.holds, this.cart.orders]) store.subscribe(() => page.requestUpdate());
  }

  get link(): Link {
    return this.seat.link.value;
  }

  /** The connection is lost: buying waits, numbers are the last known ones. */
  get isWaiting(): boolean {
    return this.link.state !== 'live';
  }

  get pins(): Pin[] {
    return this.#gate.shown;
  }

  get units(): number {
    return this.cart.holds.value.reduce((sum, { quantity }) => sum + quantity, 0);
  }

  get viewerName(): string {
    return this.seat.session.viewer?.display_name ?? '';
  }

  sheetData(): Omit<SheetData, 'kind' | 'productId' | 'state'> {
    const { pins, shownAt, address, isWaiting, buying, talking } = this;
    return { pins, shownAt, address, isWaiting, buying, talking, holds: this.cart.holds.value, orders: this.#hasOrders ? this.cart.orders.value : null };
  }

  async start(): Promise<void> {
    setInterval(() => this.#tickPins(), PIN_TICK_MS);
    setInterval(() => this.#lookAfterHolds(), HOLD_LOOK_MS);
    await this.#open();
  }

  /** Takes a seat as whoever the cookie names, else as a guest. */
  async #open(): Promise<void> {
    try {
      await this.seat.session.openOrGuest(`Guest ${1000 + (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) % 9000}`);
    } catch {
      setTimeout(() => void this.#open(), SEAT_AGAIN_MS); // the page itself came, so the server is near
      return;
    }
    this.seat.live.open();
    await this.openOrders().catch(() => undefined);
  }

  holdCard(): void {
    this.#gate.hold(performance.now());
  }

  react(detail: { kind: string; count: number }): void {
    void this.seat.live.ask('reaction.send', { show_id: this.seat.showId, ...detail }).catch(() => undefined);
  }

  async openOrders(): Promise<void> {
    await this.cart.refreshOrders();
    this.#hasOrders = true;
    this.address ??= this.cart.orders.value.find(({ address }) => address)?.address ?? null;
    this.page.requestUpdate();
  }

  async release(hold: Hold): Promise<void> {
    await this.cart.release(hold).catch(() => this.cart.refresh());
  }

  async share(): Promise<void> {
    const data = { title: this.state?.show.title ?? document.title, url: location.origin + location.pathname };
    if (navigator.share) return navigator.share(data).catch(() => undefined);
    await navigator.clipboard.writeText(data.url);
    this.page.toast('The link is copied');
  }

  #changed(state: ShowState): void {
    this.page.announce(announceShow(this.state, state));
    if (state.pins !== this.state?.pins) this.#gate.change(state.pins, this.state ? state.pins_media_ts : null, performance.now());
    for (const pin of state.pins) this.shownAt.set(pin.product_id, pin.pinned_at);
    document.title = `${state.show.title} · ${state.show.shop_name}`;
    this.state = state;
    this.#tickPins();
    this.#said();
    this.page.requestUpdate();
  }

  #tickPins(): void {
    if (!this.#gate.isWaiting || !this.#gate.tick(this.page.player?.mediaNow() ?? null, performance.now())) return;
    this.#said();
    this.page.requestUpdate();
  }

  /** A hold whose time is up is gone when the server says so: by its notice, or when asked in case that was lost. */
  #lookAfterHolds(): void {
    const isDue = this.cart.holds.value.some(({ expires_at }) => serverClock.until(expires_at) < -1_000);
    if (isDue && !this.isWaiting) void this.cart.refresh().catch(() => undefined);
  }

  #said(): void {
    if (!this.state) return;
    const card = cardView(this.state, this.pins);
    if (card && this.#card?.kind !== card.kind) this.buying.settle(card.product.id);
    this.page.announce(announceCard(this.#card, card));
    this.#card = card;
  }

  #marked(event: Envelope | undefined): void {
    if (event?.media_ts != null) this.page.player.mark(event.media_ts, Date.parse(event.timestamp));
  }

  #linked(link: Link): void {
    if (link.state === 'live') void this.cart.refresh().catch(() => undefined);
    this.page.requestUpdate();
  }

  #noticed({ type, data }: Notice): void {
    const hold = this.cart.holds.value.find(({ id }) => id === data['hold_id']);
    if (type === 'hold.expired' && hold) {
      this.cart.drop(hold.id);
      this.page.toast(`The time for ${hold.title} is up. It is back on the shelf.`);
    }
    if (type === 'hold.expiring' && hold) this.page.alert(`${hold.title} is held for one more minute. Pay to keep it.`);
    if (type === 'waitlist.offered') void this.#offered(data['hold_id'] as string);
    if (type.startsWith('order.')) void this.#refresh();
    if (type === 'you.muted') this.seat.state.update((state) => state && { ...state, you: { ...state.you, muted_until: (data['until'] ?? FOR_GOOD) as string } });
  }

  /** It is our turn: what we waited for is in the cart. */
  async #offered(holdId: string): Promise<void> {
    await this.cart.refresh().catch(() => undefined);
    const hold = this.cart.holds.value.find(({ id }) => id === holdId);
    if (!hold) return;
    this.buying.settle(hold.product_id);
    this.page.toast(`It is your turn: ${hold.title} is in your cart`);
  }

  #refresh = async (): Promise<void> => {
    await Promise.all([this.cart.refresh(), this.openOrders()]).catch(() => undefined);
  };
}
