import type { ShowState } from './reducer';
import type { FlashSale, Money, Pin, Product, Variant } from './types';
import { count } from './words';

const FEW = 5; // from here on the number is worth saying

/** What stands on the card: one product, and the flash sale that is on, coming or just sold out for it. */
export interface CardView {
  kind: 'plain' | 'flash' | 'soon' | 'taken' | 'sold-out';
  product: Product;
  variant: Variant;
  sale: FlashSale | null;
  price: Money;
  struck: Money | null;
}

/** What a viewer wants to hold. */
export interface Want {
  show_id: string;
  product_id: string;
  variant_id: string;
  flash_sale_id: string | null;
  quantity: number;
}

const RANK = { open: 0, scheduled: 1, closed: 2 };

/** The flash sale of a product (or of one variant) that is open, else the one that is coming. */
export const saleOf = (state: ShowState, productId: string, variantId?: string): FlashSale | null =>
  state.sales
    .filter((sale) => sale.product_id === productId && (!variantId || sale.variant_id === variantId))
    .sort((a, b) => RANK[a.state] - RANK[b.state])[0] ?? null;

/** The variant that Buy means when nobody chose: the only one, or the first that can be had. */
export const mainVariant = (product: Product): Variant | undefined =>
  product.variants.find((variant) => variant.available > 0) ?? product.variants[0];

export const isSoldOut = (product: Product): boolean =>
  product.variants.every((variant) => variant.available <= 0);

/** The card of the pinned product, else of the flash sale that is on. */
export function cardView(state: ShowState, pins: Pin[]): CardView | null {
  const focus = pins[0]?.product_id ?? [...state.sales].sort((a, b) => RANK[a.state] - RANK[b.state])[0]?.product_id;
  const product = state.lineup.find((other) => other.id === focus);
  return product ? viewOf(state, product) : null;
}

export function viewOf(state: ShowState, product: Product): CardView | null {
  const sale = saleOf(state, product.id);
  const variant = product.variants.find((other) => other.id === sale?.variant_id) ?? mainVariant(product);
  if (!variant) return null;
  if (sale) {
    const kind = sale.state === 'scheduled' ? 'soon' : sale.available > 0 ? 'flash' : 'taken';
    return { kind, product, variant, sale, price: sale.price, struck: sale.struck_price };
  }
  const shown = product.variants.reduce((low, other) => (Number(other.price.amount) < Number(low.price.amount) ? other : low), variant);
  const price = { price: shown.price, struck: shown.compare_at_price };
  const last = state.closed_sales.find((closed) => closed.product_id === product.id);
  if (last?.closed_reason === 'sold_out') return { kind: 'sold-out', product, variant, sale: last, ...price };
  return { kind: isSoldOut(product) ? 'sold-out' : 'plain', product, variant, sale: null, ...price };
}

/** The flash sale that goes on while the card shows something else. */
export function dockedView(state: ShowState, card: CardView | null): CardView | null {
  const sale = state.sales.find((other) => other.state === 'open' && other.product_id !== card?.product.id);
  const product = state.lineup.find((other) => other.id === sale?.product_id);
  return product ? viewOf(state, product) : null;
}

/** What Buy on the card asks for; nothing when the viewer has to choose a variant first. */
export function wantOf(view: CardView, showId: string, chosen?: string): Want | null {
  const { product, variant, sale } = view;
  const wanted = { show_id: showId, product_id: product.id, quantity: 1 };
  if (sale && sale.state !== 'closed') return { ...wanted, variant_id: sale.variant_id, flash_sale_id: sale.id };
  const id = chosen ?? (product.variants.length === 1 ? variant.id : null);
  return id ? { ...wanted, variant_id: id, flash_sale_id: null } : null;
}

/** "In stock", "5 left", "Sold out": a number only where it helps. */
export function stockWords(available: number): string {
  if (available <= 0) return 'Sold out';
  return available <= FEW ? `${count(available)} left` : 'In stock';
}

/** Variants cost differently and none is meant yet. */
export const isFrom = ({ product, sale }: CardView): boolean =>
  !sale && new Set(product.variants.map(({ price }) => price.amount)).size > 1;

/** "3 heights · 4 colours". */
export const optionWords = (product: Product): string =>
  product.options
    .filter(({ values }) => values.length > 1)
    .map(({ name, values }) => `${values.length} ${name.toLowerCase()}${/s$/i.test(name) ? '' : 's'}`)
    .join(' · ');

export const unitsOf = (product: Product): number =>
  product.variants.reduce((sum, variant) => sum + Math.max(0, variant.available), 0);

/** The variant that has exactly these options. */
export const variantBy = (product: Product, chosen: Record<string, string>): Variant | undefined =>
  product.variants.find((variant) => product.options.every(({ name }) => variant.options[name] === chosen[name]));
