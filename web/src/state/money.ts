import type { Money } from './types';

/** Money by the reader's locale: "€17.00", "17,00 €". */
export const money = ({ amount, currency }: Money): string =>
  new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(Number(amount));

const scaled = (amount: string, digits: number): bigint => {
  const [whole = '0', part = ''] = amount.split('.');
  return BigInt(whole + part.padEnd(digits, '0'));
};

const plain = (minor: bigint, digits: number): string => {
  const sign = minor < 0n ? '-' : '';
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0');
  return digits ? `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}` : sign + text;
};

const digitsOf = (amount: string): number => amount.split('.')[1]?.length ?? 0;

export function times({ amount, currency }: Money, quantity: number): Money {
  const digits = digitsOf(amount);
  return { amount: plain(scaled(amount, digits) * BigInt(quantity), digits), currency };
}

/** The sum of amounts of one currency; nothing for an empty list. */
export function total(amounts: Money[]): Money | null {
  const [first] = amounts;
  if (!first) return null;
  const digits = Math.max(...amounts.map(({ amount }) => digitsOf(amount)));
  const minor = amounts.reduce((sum, { amount }) => sum + scaled(amount, digits), 0n);
  return { amount: plain(minor, digits), currency: first.currency };
}

/** "−29%" of a reduction, or nothing when it is none. */
export function reduction(price: Money, struck: Money | null): string | null {
  if (!struck || Number(struck.amount) <= Number(price.amount)) return null;
  return `−${Math.round((1 - Number(price.amount) / Number(struck.amount)) * 100)}%`;
}
