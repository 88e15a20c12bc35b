/** Filling in a flash sale: what the form says, and what is wrong with it. The server decides again. */
import type { Money, Variant } from './types';

export interface OfferForm {
  variant_id: string;
  price: string;
  quantity: string;
  per_buyer: string;
  starts_in_s: number;
  duration_s: number;
}

export interface Offer {
  variant_id: string;
  price: Money;
  quantity: number;
  per_buyer_limit: number;
  starts_in_s: number;
  duration_s: number;
}

export type OfferErrors = Partial<Record<'price' | 'quantity' | 'per_buyer', string>>;

/** "17", "17,5", "€ 17.50" → "17.50"; null when it is no amount with at most two decimals. */
export function amountOf(text: string): string | null {
  const plain = text.replace(/[^\d.,-]/gu, '').replace(',', '.');
  const found = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(plain);
  return found ? `${Number(found[1])}.${(found[2] ?? '').padEnd(2, '0')}` : null;
}

const wholeOf = (text: string): number => (/^\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN);

export function errorsOf(form: OfferForm, variant: Variant): OfferErrors {
  const amount = amountOf(form.price);
  const quantity = wholeOf(form.quantity);
  const each = wholeOf(form.per_buyer);
  const errors: OfferErrors = {};
  if (amount === null || Number(amount) <= 0) errors.price = 'An amount such as 17.00';
  else if (Number(amount) >= Number(variant.price.amount)) errors.price = `Below ${variant.price.amount}`;
  if (!(quantity >= 1)) errors.quantity = 'At least 1';
  else if (quantity > variant.available) errors.quantity = `At most ${variant.available}`;
  if (!(each >= 1)) errors.per_buyer = 'At least 1';
  else if (each > quantity) errors.per_buyer = 'More than units';
  return errors;
}

/** The offer to send, or null while something is wrong. */
export function offerOf(form: OfferForm, variant: Variant): Offer | null {
  const amount = amountOf(form.price);
  if (amount === null || Object.keys(errorsOf(form, variant)).length > 0) return null;
  return {
    variant_id: variant.id,
    price: { amount, currency: variant.price.currency },
    quantity: Number(form.quantity),
    per_buyer_limit: Number(form.per_buyer),
    starts_in_s: form.starts_in_s,
    duration_s: form.duration_s,
  };
}

/** A first proposal: 30 % off rounded down to a whole amount, at most 40 units, two per person. */
export function proposalOf(variant: Variant): OfferForm {
  const price = Number(variant.price.amount) * 0.7;
  const rounded = price >= 2 ? Math.floor(price) : price;
  return {
    variant_id: variant.id,
    price: rounded.toFixed(2),
    quantity: String(Math.max(1, Math.min(40, variant.available))),
    per_buyer: String(Math.max(1, Math.min(2, variant.available))),
    starts_in_s: 10,
    duration_s: 60,
  };
}
