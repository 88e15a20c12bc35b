import type { Money, Product } from './types';

/** Units left over all variants. */
export const inStock = (product: Product): number => product.variants.reduce((sum, variant) => sum + variant.available, 0);

/** The lowest price among the variants. */
export function cheapest(product: Product): Money | null {
  const [first, ...rest] = product.variants.map((variant) => variant.price);
  return first ? rest.reduce((low, price) => (Number(price.amount) < Number(low.amount) ? price : low), first) : null;
}
