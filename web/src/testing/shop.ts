import type { Envelope, EventData, EventType, Snapshot } from '../state/events';
import type { FlashSale, Hold, Message, Product, Show } from '../state/types';

/** Values of a small shop for tests; every builder takes what matters to the test. */
export const eur = (amount: string) => ({ amount, currency: 'EUR' });

export const product = (id: string, over: Partial<Product> = {}): Product => ({
  id, handle: id, title: `Product ${id}`, description_html: '', image_url: null, image_urls: [], options: [], per_buyer_limit: null, hold_s: 600,
  is_archived: false, version: 1,
  variants: [{
    id: `${id}-v`, product_id: id, sku: id, title: '', options: {}, price: eur('24.00'), compare_at_price: null, tax_inclusive: true, tax_rate: '0.25',
    available: 10, stock_version: 1, image_url: null,
  }],
  ...over,
});

export const sale = (over: Partial<FlashSale> = {}): FlashSale => ({
  id: 'sale', show_id: 'show', product_id: 'mug', variant_id: 'mug-v', price: eur('17.00'), struck_price: eur('24.00'), quantity: 40, per_buyer_limit: 2,
  state: 'open', opens_at: '2030-01-01T20:00:00Z', closes_at: '2030-01-01T20:01:00Z', closed_reason: null, hold_s: 300, available: 40, stock_version: 1, ...over,
});

export const message = (id: string, over: Partial<Message> = {}): Message => ({
  id, show_id: 'show', author: { id: `p-${id}`, display_name: 'Anna', role: 'viewer', kind: 'guest' }, text: 'Hello', reply_to: null,
  at: '2030-01-01T20:00:00Z', state: 'shown', ...over,
});

export const show = (over: Partial<Show> = {}): Show => ({
  id: 'show', title: 'Kiln opening', description: '', status: 'live', kind: 'show', visibility: 'public', starts_at: '2030-01-01T20:00:00Z',
  started_at: null, paused_at: null, ended_at: null, pause_reason: null, host: { id: 'host', display_name: 'Maja Lindholm' }, shop_name: 'Nordlys',
  poster_url: null, lineup: ['mug', 'vase'], pins: [], chat_mode: { slow_s: 0, hold_all: false, closed: false }, version: 1, ...over,
});

export const snapshot = (over: Partial<Snapshot> = {}): Snapshot => ({
  show: show(), lineup: [product('mug'), product('vase')], pins: [], sales: [], stock: [], chat_mode: show().chat_mode, messages: [],
  audience: { viewers: 3, version: 1 }, reactions: { counts: { heart: 5 }, version: 1 },
  playback: { state: 'waiting', whep_url: null, hls_url: null, stream_started_at: null, rtp_base: null, pdt_base_ms: null },
  you: { id: 'me', display_name: 'Jonas', role: 'viewer', kind: 'guest', permissions: [], muted_until: null, contact: null }, ...over,
});

export const hold = (over: Partial<Hold> = {}): Hold => ({
  id: 'hold', status: 'held', show_id: 'show', flash_sale_id: null, product_id: 'mug', variant_id: 'mug-v', title: 'Product mug', variant_title: '',
  image_url: null, quantity: 1, price: eur('17.00'), expires_at: '2030-01-01T20:05:00Z', expires_in_ms: 300_000, extended: false, ...over,
});

let made = 0;
export function event<T extends EventType>(type: T, data: EventData[T], over: Partial<Envelope> = {}): Envelope {
  made += 1;
  return { id: `e${made}`, type, version: 1, timestamp: '2030-01-01T20:00:10Z', show_id: 'show', scope: 'public', epoch: 1, media_ts: null, data, ...over } as Envelope;
}
