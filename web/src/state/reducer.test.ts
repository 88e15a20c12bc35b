import { describe, expect, it } from 'vitest';
import { event, eur, message, product, sale, show, snapshot } from '../testing/shop';
import type { Envelope, EventType } from './events';
import { fromSnapshot, reduce, withMessage, type ShowState } from './reducer';

const pin = { product_id: 'mug', media_ts: 4200, pinned_at: '2030-01-01T20:00:00Z' };
const start = (): ShowState => fromSnapshot(snapshot());
const after = (...events: Envelope[]): ShowState => events.reduce(reduce, start());

/** One event of every type, as the server would tell it. */
const EVERY: { [K in EventType]: Envelope } = {
  'show.started': event('show.started', { show: show({ started_at: '2030-01-01T20:00:00Z' }) }),
  'show.paused': event('show.paused', { show: show({ status: 'paused' }) }),
  'show.resumed': event('show.resumed', { show: show() }),
  'show.ended': event('show.ended', { show: show({ status: 'ended' }) }),
  'show.changed': event('show.changed', { show: show({ title: 'Kyst II', version: 9 }) }),
  'stream.started': event('stream.started', { started_at_ms: 1000, rtp_base: 90, pdt_base_ms: 5, whep_url: '/whep', hls_url: '/hls' }),
  'stream.stopped': event('stream.stopped', { reason: 'interrupted' }),
  'product.pinned': event('product.pinned', { product_id: 'mug', pins: [pin] }, { media_ts: 4200 }),
  'product.unpinned': event('product.unpinned', { product_id: 'mug', pins: [] }),
  'lineup.changed': event('lineup.changed', { lineup: [product('vase')] }),
  'sale.scheduled': event('sale.scheduled', { sale: sale({ state: 'scheduled' }) }),
  'sale.opened': event('sale.opened', { sale: sale() }),
  'sale.closed': event('sale.closed', { sale: sale({ state: 'closed', closed_reason: 'sold_out', available: 0, stock_version: 9 }) }),
  'stock.changed': event('stock.changed', { pool: 'variant', id: 'mug-v', available: 4, version: 7 }),
  'chat.posted': event('chat.posted', { message: message('m1') }),
  'chat.hidden': event('chat.hidden', { message_id: 'm1' }),
  'chat_mode.changed': event('chat_mode.changed', { chat_mode: { slow_s: 10, hold_all: false, closed: false } }),
  'chat.held': event('chat.held', { message: message('m2', { state: 'held' }) }, { scope: 'staff' }),
  'chat.released': event('chat.released', { message_id: 'm2' }, { scope: 'staff' }),
  'viewer.muted': event('viewer.muted', { viewer_id: 'me', until: '2030-01-01T21:00:00Z' }),
  'viewer.banned': event('viewer.banned', { viewer_id: 'p1', until: null }),
  'order.placed': event('order.placed', { display_name: 'Anna', product: { id: 'mug', title: 'Mug' }, quantity: 1 }),
  'audience.counted': event('audience.counted', { viewers: 8, version: 2 }),
  'reaction.counted': event('reaction.counted', { counts: { heart: 9 }, version: 2 }),
};

describe('every event', () => {
  it.each(Object.entries(EVERY))('%s is safe to apply twice', (_, envelope) => {
    const once = after(EVERY['chat.posted'], EVERY['sale.opened'], envelope);

    expect(reduce(once, envelope)).toEqual(once);
  });

  it.each(Object.entries(EVERY))('%s leaves the state before it untouched', (_, envelope) => {
    const before = Object.freeze(structuredClone(after(EVERY['chat.posted'], EVERY['sale.opened'])));
    const copy = structuredClone(before);

    reduce(before, envelope);

    expect(before).toEqual(copy);
  });

  it('of a type we do not know changes nothing', () => {
    const state = start();

    expect(reduce(state, { ...EVERY['chat.posted'], type: 'future.thing' as EventType } as Envelope)).toBe(state);
  });
});

describe('pins', () => {
  it('come with the media time that the picture has to reach', () => {
    const state = after(EVERY['product.pinned']);

    expect(state.pins).toEqual([pin]);
    expect(state.show.pins).toEqual([pin]);
    expect(state.pins_media_ts).toBe(4200);
  });
});

describe('stock', () => {
  it('reaches the variant and the flash sale wherever they stand', () => {
    const state = after(EVERY['sale.opened'], EVERY['stock.changed'],
      event('stock.changed', { pool: 'flash_sale', id: 'sale', available: 12, version: 5 }));

    expect(state.lineup[0]?.variants[0]?.available).toBe(4);
    expect(state.sales[0]?.available).toBe(12);
  });

  it('keeps the newest version when counters arrive in the wrong order', () => {
    const state = after(event('stock.changed', { pool: 'variant', id: 'mug-v', available: 2, version: 9 }), EVERY['stock.changed']);

    expect(state.lineup[0]?.variants[0]?.available).toBe(2);
  });

  it('that is newer than a lineup event survives it', () => {
    const state = after(EVERY['stock.changed'], event('lineup.changed', { lineup: [product('mug')] }));

    expect(state.lineup[0]?.variants[0]?.available).toBe(4);
  });

  it('that is newer than a sale event survives it', () => {
    const state = after(EVERY['sale.scheduled'], event('stock.changed', { pool: 'flash_sale', id: 'sale', available: 3, version: 8 }), EVERY['sale.opened']);

    expect(state.sales[0]?.available).toBe(3);
  });
});

describe('flash sales', () => {
  it('leave the list when they close and stay known as closed', () => {
    const state = after(EVERY['sale.opened'], EVERY['sale.closed']);

    expect(state.sales).toEqual([]);
    expect(state.closed_sales[0]?.closed_reason).toBe('sold_out');
  });

  it('go with the price that the server told last', () => {
    const state = after(EVERY['sale.opened'], event('sale.opened', { sale: sale({ price: eur('15.00') }) }));

    expect(state.sales).toHaveLength(1);
    expect(state.sales[0]?.price.amount).toBe('15.00');
  });
});

describe('chat', () => {
  it('shows a line once when the ack and the event both bring it', () => {
    const state = reduce(withMessage(start(), message('m1')), EVERY['chat.posted']);

    expect(state.messages).toHaveLength(1);
  });

  it('forgets a hidden line', () => {
    expect(after(EVERY['chat.posted'], EVERY['chat.hidden']).messages).toEqual([]);
  });

  it('keeps a bounded number of lines', () => {
    const many = Array.from({ length: 400 }, (_, i) => event('chat.posted', { message: message(`n${i}`) }));

    const state = after(...many);

    expect(state.messages).toHaveLength(300);
    expect(state.messages.at(-1)?.id).toBe('n399');
  });

  it('knows that you are muted', () => {
    expect(after(EVERY['viewer.muted']).you.muted_until).toBe('2030-01-01T21:00:00Z');
  });
});

describe('counters', () => {
  it('ignore a value older than the one we have', () => {
    const state = after(event('audience.counted', { viewers: 50, version: 5 }), EVERY['audience.counted']);

    expect(state.audience.viewers).toBe(50);
  });
});
