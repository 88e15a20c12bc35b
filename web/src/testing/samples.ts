import type { FlashSale, Message, Person, Product, Variant } from '../state/types';

export const euro = (amount: string): { amount: string; currency: string } => ({ amount, currency: 'EUR' });

export const variant = (change: Partial<Variant> = {}): Variant => ({
  id: 'v1', product_id: 'p1', sku: 'MUG-SEA', title: 'Sea / 350 ml', options: {}, price: euro('24.00'), compare_at_price: null, tax_inclusive: true, tax_rate: '0.25', available: 68, stock_version: 1, image_url: null, ...change,
});

export const product = (id: string, change: Partial<Product> = {}): Product => ({
  id, handle: id, title: `Product ${id}`, description_html: '', image_url: null, image_urls: [], options: [], variants: [variant({ id: `${id}-v`, product_id: id })], per_buyer_limit: null, hold_s: 300, is_archived: false, version: 1, ...change,
});

export const viewer = (change: Partial<Person> = {}): Person => ({ id: 'u1', display_name: 'Mikkel', role: 'viewer', kind: 'guest', ...change });

export const message = (id: string, change: Partial<Message> = {}): Message => ({
  id, show_id: 's1', author: viewer(), text: 'Den blå er så flot', reply_to: null, at: '2026-01-01T20:00:00Z', state: 'shown', ...change,
});

export const sale = (change: Partial<FlashSale> = {}): FlashSale => ({
  id: 'f1', show_id: 's1', product_id: 'p1', variant_id: 'v1', price: euro('17.00'), struck_price: euro('24.00'), quantity: 40, per_buyer_limit: 2, state: 'open', opens_at: '2026-01-01T20:00:00Z', closes_at: '2026-01-01T20:01:00Z', closed_reason: null, hold_s: 120, available: 28, stock_version: 1, ...change,
});
