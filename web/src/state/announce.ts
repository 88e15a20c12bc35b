import { money } from './money';
import type { ShowState } from './reducer';
import type { CardView } from './view';
import { count, plural } from './words';

/** What one polite status says when the card changes: pin, price, flash sale, and stock at half, 5, 1 and none. */
export function announceCard(before: CardView | null, after: CardView | null): string {
  if (!after) return '';
  const isNew = before?.product.id !== after.product.id || before.kind !== after.kind;
  if (isNew) return newCard(after);
  if (before.price.amount !== after.price.amount) return `${after.product.title} is ${money(after.price)} now`;
  return after.sale && before.sale ? stockMark(before.sale.available, after.sale.available, after.sale.quantity) : '';
}

function newCard({ kind, product, sale, price }: CardView): string {
  const what = `${product.title}, ${money(price)}`;
  if (kind === 'soon') return `Flash sale soon: ${what}`;
  if (kind === 'taken' || kind === 'sold-out') return `${product.title}: sold out`;
  if (!sale) return `On screen: ${what}`;
  const seconds = Math.round((Date.parse(sale.closes_at) - Date.parse(sale.opens_at)) / 1000);
  return `Flash sale: ${what}, ${plural(sale.quantity, 'unit', 'units')}, ${count(seconds)} seconds`;
}

function stockMark(before: number, after: number, quantity: number): string {
  const mark = [1, 5, Math.floor(quantity / 2)].find((limit) => before > limit && after <= limit && after > 0);
  return mark === undefined ? '' : `${count(after)} left`;
}

/** What changed about the show itself. */
export function announceShow(before: ShowState | null, after: ShowState): string {
  if (!before || before.show.status === after.show.status) return '';
  return { scheduled: '', live: 'The show is live', paused: 'The show is paused', ended: 'The show has ended' }[after.show.status];
}
