import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serverClock } from '../net/clock';
import { fromSnapshot } from '../state/reducer';
import { cardView, type CardView } from '../state/view';
import { asked, mount, settled, textOf } from '../testing/mount';
import { hold, message, product, sale, snapshot } from '../testing/shop';
import './lc-address';
import type { LcAddress } from './lc-address';
import './lc-button';
import type { LcButton } from './lc-button';
import './lc-card';
import type { LcCard } from './lc-card';
import './lc-cart';
import type { LcCart } from './lc-cart';
import './lc-chat';
import type { LcChat } from './lc-chat';
import './lc-composer';
import type { LcComposer } from './lc-composer';
import './lc-curtain';
import { curtainOf } from './lc-curtain';
import './lc-netbar';
import type { LcNetbar } from './lc-netbar';
import './lc-product';
import type { LcProduct } from './lc-product';
import './lc-reactions';
import type { LcReactions } from './lc-reactions';
import './lc-sheet';

beforeEach(() => {
  const now = performance.now();
  serverClock.forget();
  serverClock.sample(Date.parse('2030-01-01T20:00:18Z'), now, now);
});
afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

const pins = [{ product_id: 'mug', media_ts: null, pinned_at: '2030-01-01T20:00:00Z' }];
const view = (over: Parameters<typeof snapshot>[0] = {}): CardView => cardView(fromSnapshot(snapshot(over)), pins)!;
const button = (element: Element, selector = 'lc-button'): LcButton => element.shadowRoot!.querySelector<LcButton>(selector)!;

describe('lc-button', () => {
  it('that is disabled or busy can be reached but does nothing', async () => {
    const element = await mount<LcButton>('lc-button', { disabled: true, textContent: 'Buy' });
    const pressed = vi.fn();
    element.addEventListener('click', pressed);

    element.shadowRoot!.querySelector('button')!.click();
    Object.assign(element, { disabled: false, busy: true });
    await settled(element);
    element.shadowRoot!.querySelector('button')!.click();

    expect(pressed).not.toHaveBeenCalled();
    expect(element.shadowRoot!.querySelector('button')!.getAttribute('aria-busy')).toBe('true');
  });

  it('that shows only an icon has a name', async () => {
    const element = await mount<LcButton>('lc-button', { icon: 'bag', iconOnly: true, label: 'Cart, 2 items' });

    expect(element.shadowRoot!.querySelector('button')!.getAttribute('aria-label')).toBe('Cart, 2 items');
  });
});

describe('lc-card', () => {
  it('of a flash sale shows price, what it was, what is left and the time', async () => {
    const card = await mount<LcCard>('lc-card', { view: view({ sales: [sale({ available: 12 })] }) });

    const text = textOf(card).replace(/\s+/g, ' ');

    expect(text).toContain('Flash sale −29%');
    expect(text).toContain('0:42');
    expect(text).toContain('12 of 40 left');
    expect(text).toContain('€17.00before, €24.00');
    expect(text).toContain('Up to 2 per person');
    expect(text).toContain('Buy for €17.00');
  });

  it('asks to buy with the button and to open the product anywhere else', async () => {
    const card = await mount<LcCard>('lc-card', { view: view() });

    const buy = asked<CardView>(card, 'buy');
    button(card).click();
    const open = asked<string>(card, 'open-product');
    card.shadowRoot!.querySelector<HTMLElement>('.open')!.click();

    expect((await buy).product.id).toBe('mug');
    expect(await open).toBe('mug');
  });

  it.each([
    ['soon', { sales: [sale({ state: 'scheduled' as const })] }],
  ])('that is %s cannot buy', async (_, over) => {
    const card = await mount<LcCard>('lc-card', { view: view(over) });

    expect(button(card).disabled).toBe(true);
  });

  it('of what is taken asks for a place in the line instead', async () => {
    const card = await mount<LcCard>('lc-card', { view: view({ sales: [sale({ available: 0 })] }) });

    const wait = asked<CardView>(card, 'wait');
    button(card).click();

    expect((await wait).sale?.id).toBe('sale');
    expect(textOf(card)).toContain('Wait for one');
  });

  it('waits while the connection is lost', async () => {
    const card = await mount<LcCard>('lc-card', { view: view(), waiting: true });

    expect(button(card).disabled).toBe(true);
    expect(textOf(card)).toContain('Waiting');
  });

  it('shows no reduction when there is none', async () => {
    const card = await mount<LcCard>('lc-card', { view: view({ sales: [sale({ struck_price: null })] }) });

    expect(card.shadowRoot!.querySelector('lc-tag')).toBeNull();
    expect(textOf(card)).not.toContain('before');
  });
});

describe('lc-chat', () => {
  it('shows what people type as text only', async () => {
    const chat = await mount<LcChat>('lc-chat', { messages: [message('m', { text: '<img src=x onerror=alert(1)>' })] });

    expect(chat.shadowRoot!.querySelector('img')).toBeNull();
    expect(textOf(chat)).toContain('<img src=x');
  });

  it('is a polite log that says hello when it is empty', async () => {
    const chat = await mount<LcChat>('lc-chat', { host: 'Maja Lindholm' });

    expect(chat.shadowRoot!.querySelector('[role="log"]')!.getAttribute('aria-live')).toBe('polite');
    expect(textOf(chat)).toContain('Say hello to Maja.');
  });

  it('tells the author that a held line waits for a moderator', async () => {
    const chat = await mount<LcChat>('lc-chat', { messages: [message('m', { state: 'held' })] });

    expect(textOf(chat)).toContain('a moderator looks at it first');
  });

  it('names no buyer who did not agree', async () => {
    const purchase = { id: 'o', at: '2030-01-01T20:00:00Z', display_name: null, product: { id: 'mug', title: 'Mug' }, quantity: 1 };
    const chat = await mount<LcChat>('lc-chat', { purchases: [purchase] });

    expect(textOf(chat)).not.toContain('bought');
  });
});

describe('lc-composer', () => {
  const type = async (composer: LcComposer, text: string): Promise<void> => {
    composer.shadowRoot!.querySelector('input')!.value = text;
    composer.shadowRoot!.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    await settled(composer);
  };

  it('keeps the text until the server took it', async () => {
    const composer = await mount<LcComposer>('lc-composer');
    const post = asked<string>(composer, 'post');

    await type(composer, '  hello ');
    expect(await post).toBe('hello');
    expect(composer.shadowRoot!.querySelector('input')!.value).toBe('  hello ');

    composer.sent();
    expect(composer.shadowRoot!.querySelector('input')!.value).toBe('');
  });

  it('counts down in slow mode while typing goes on', async () => {
    const composer = await mount<LcComposer>('lc-composer', { mode: { slow_s: 8, hold_all: false, closed: false } });
    composer.sent();
    await settled(composer);
    const posted = vi.fn();
    composer.addEventListener('post', posted);

    await type(composer, 'next');

    expect(posted).not.toHaveBeenCalled();
    expect(textOf(composer)).toContain('8 s');
    expect(composer.shadowRoot!.querySelector('input')!.readOnly).toBe(false);
  });

  it('says until when you are muted', async () => {
    const composer = await mount<LcComposer>('lc-composer', { mutedUntil: '2030-01-01T20:10:00Z' });

    expect(composer.shadowRoot!.querySelector('input')!.placeholder).toMatch(/^You can write again at/);
    expect(composer.shadowRoot!.querySelector('input')!.readOnly).toBe(true);
  });
});

describe('lc-reactions', () => {
  it('gathers presses and lets them leave four times a second', async () => {
    const element = await mount<LcReactions>('lc-reactions');
    vi.useFakeTimers();
    const left: unknown[] = [];
    element.addEventListener('react', (event) => left.push((event as CustomEvent).detail));

    for (let i = 0; i < 7; i += 1) button(element).click();
    vi.advanceTimersByTime(260);

    expect(left).toEqual([{ kind: 'heart', count: 7 }]);
  });
});

describe('lc-product', () => {
  const bowl = product('mug', {
    options: [{ name: 'Glaze', values: ['Sea', 'Ink'] }], per_buyer_limit: 4,
    variants: ['Sea', 'Ink'].map((glaze) => ({ ...product('mug').variants[0]!, id: `mug-${glaze}`, options: { Glaze: glaze }, available: glaze === 'Ink' ? 0 : 3 })),
  });

  it('strikes what cannot be had and still lets it be reached', async () => {
    const element = await mount<LcProduct>('lc-product', { state: fromSnapshot(snapshot({ lineup: [bowl] })), productId: 'mug' });
    const options = element.shadowRoot!.querySelector('lc-options')!.shadowRoot!;

    const ink = [...options.querySelectorAll('[role="radio"]')].at(-1)!;

    expect(ink.getAttribute('aria-disabled')).toBe('true');
    expect(ink.getAttribute('aria-label')).toBe('Ink, sold out');
  });

  it('buys what is chosen', async () => {
    const element = await mount<LcProduct>('lc-product', { state: fromSnapshot(snapshot({ lineup: [bowl] })), productId: 'mug' });
    const want = asked<{ variant_id: string; quantity: number }>(element, 'buy-want');

    button(element, 'lc-button[variant="primary"]').click();

    expect(await want).toMatchObject({ variant_id: 'mug-Sea', quantity: 1, flash_sale_id: null });
  });
});

describe('lc-cart', () => {
  it('shows the deadline that comes first and the sum', async () => {
    const holds = [hold(), hold({ id: 'h2', expires_at: '2030-01-01T20:03:18Z', price: { amount: '34.00', currency: 'EUR' } })];
    const cart = await mount<LcCart>('lc-cart', { holds });

    expect(textOf(cart)).toContain('3:00');
    expect(textOf(cart)).toContain('€51.00');
  });

  it('says what to do when it is empty', async () => {
    expect(textOf(await mount('lc-cart'))).toContain('Nothing in your cart yet.');
  });
});

describe('lc-address', () => {
  it('asks for what is missing where it is missing', async () => {
    const address = await mount<LcAddress>('lc-address');
    const given = vi.fn();
    address.addEventListener('address', given);

    address.shadowRoot!.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    await settled(address);

    expect(given).not.toHaveBeenCalled();
    expect(textOf(address)).toContain('Street and number, please.');
  });
});

describe('lc-sheet', () => {
  it('is a named dialog that takes the focus and gives it back', async () => {
    const before = document.body.appendChild(document.createElement('button'));
    before.focus();

    const sheet = await mount('lc-sheet', { heading: 'Your cart' });
    expect(sheet.ariaLabel).toBe('Your cart');
    expect(sheet.shadowRoot!.activeElement?.textContent).toBe('Your cart');

    sheet.remove();
    expect(document.activeElement).toBe(before);
  });

  it('closes with Escape', async () => {
    const sheet = await mount('lc-sheet', { heading: 'Your cart' });
    const closed = asked(sheet, 'close');

    sheet.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', cancelable: true }));

    await closed;
  });
});

describe('lc-netbar', () => {
  it('is quiet about a link that is back at once, and tells of one that is not', async () => {
    const bar = await mount<LcNetbar>('lc-netbar', { link: { state: 'live' } });
    bar.link = { state: 'reconnecting', retryAt: Date.now() + 3_000 };
    await settled(bar);
    expect(textOf(bar)).not.toContain('Connection lost');

    await vi.waitFor(() => expect(textOf(bar)).toContain('Connection lost'), { timeout: 3_000 });
    expect(textOf(bar)).toMatch(/Trying again in \d s/);
  });
});

describe('the curtain', () => {
  it('falls only when there is no picture to see', () => {
    const { show, playback } = snapshot();
    const live = { ...playback, state: 'live' as const };

    expect(curtainOf(show, live)).toBeNull();
    expect(curtainOf(show, playback)).toBe('coming');
    expect(curtainOf({ ...show, status: 'paused', pause_reason: 'host' }, live)).toBe('paused');
    expect(curtainOf(show, { ...playback, state: 'interrupted' })).toBe('lost');
    expect(curtainOf({ ...show, status: 'scheduled' }, playback)).toBe('soon');
    expect(curtainOf({ ...show, status: 'ended' }, playback)).toBe('ended');
  });
});
