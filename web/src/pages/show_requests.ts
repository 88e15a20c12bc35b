import { isPlainKey } from '../elements/focus';
import type { Payment } from '../elements/lc-checkout';
import type { PlayerStatus } from '../elements/lc-player';
import { calendarFile } from '../state/calendar';
import type { Address, Hold, Variant } from '../state/types';
import { cardView, type CardView, type Want } from '../state/view';
import type { LcShowPage } from './lc-show-page';

/** What the elements of the show page ask for, and its single keys: M sound, / or T chat, B buy, S shelf, Esc close. */
export function listen(page: LcShowPage): void {
  const { showing } = page;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names what its event carries
  const on = <T>(type: string, act: (detail: T) => void): void =>
    page.addEventListener(type, ((event: CustomEvent<T>) => act(event.detail)) as EventListener);

  on<string>('open-product', (id) => page.openSheet('product', id));
  on<CardView>('buy', (view) => void showing.buying.press(view, showing.seat.showId));
  on<Want>('buy-want', (want) => void showing.buying.buy(want));
  on<CardView>('wait', (view) => void showing.buying.waitFor(view, showing.seat.showId));
  on<Want>('wait-want', (want) => void showing.buying.wait(want));
  on<Want>('add-want', (want) => void showing.buying.buy(want, false));
  on<Variant>('choose-variant', (variant) => showing.buying.choose(variant));
  on('close', () => page.closeSheet());
  on('back', () => page.openSheet('cart'));
  on('cart', () => page.openSheet('cart'));
  on('check-out', () => {
    showing.buying.begin();
    page.openSheet('checkout');
  });
  on<Hold>('release', (hold) => void showing.release(hold));
  on<Address>('remember-address', (address) => {
    showing.address = address;
    page.requestUpdate();
  });
  on<Payment>('order-and-pay', (payment) => void showing.buying.orderAndPay(payment));
  on('orders', () => {
    page.openSheet('orders');
    void showing.openOrders().catch(() => undefined);
  });
  on<string>('name', (name) => void showing.talking.name(name));
  on('share', () => void showing.share());
  on('retry', () => showing.seat.live.retryNow());
  on<{ kind: string; count: number }>('react', (detail) => showing.react(detail));
  on('sound', () => page.player.toggleSound());
  on('pause', () => page.player.togglePause());
  on('pip', () => void page.player.togglePip().catch(() => undefined));
  on('fullscreen', () => void toggleFullscreen(page));
  on('calendar', () => showing.state && calendarFile(showing.state.show));
  on<PlayerStatus>('player-status', (status) => {
    if (JSON.stringify(status) === JSON.stringify(showing.player)) return;
    showing.player = status;
    page.requestUpdate();
  });
  addEventListener('keydown', (event) => key(page, event));
}

async function toggleFullscreen(page: LcShowPage): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await page.requestFullscreen().catch(() => undefined);
}

function key(page: LcShowPage, event: KeyboardEvent): void {
  if (event.defaultPrevented || !isPlainKey(event)) return;
  const { showing } = page;
  const act = KEYS[event.key.toLowerCase()];
  if (!act || !showing.state) return;
  event.preventDefault();
  act(page);
}

const KEYS: Record<string, (page: LcShowPage) => void> = {
  m: (page) => page.player.toggleSound(),
  '/': (page) => page.composer.focus(),
  t: (page) => page.composer.focus(),
  s: (page) => page.openSheet('shelf'),
  escape: (page) => page.closeSheet(),
  b: (page) => {
    const { showing } = page;
    const card = showing.state && cardView(showing.state, showing.pins);
    const canBuy = card && !showing.isWaiting && (card.kind === 'plain' || card.kind === 'flash');
    if (canBuy) void showing.buying.press(card, showing.seat.showId);
  },
};
