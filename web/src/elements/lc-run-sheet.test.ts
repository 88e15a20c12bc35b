import { expect, test } from 'vitest';
import { allWithin, asked, mounted, textOf, within } from '../testing/mounted';
import { product, sale, variant } from '../testing/samples';
import './lc-run-sheet';

const products = [product('p1'), product('p2'), product('p3')];
const rights = { canPin: true, canEdit: true, canSell: true };
const pin = { product_id: 'p1', media_ts: null, pinned_at: '2026-01-01T20:00:00Z' };

test('arrow keys on the grip ask for the new order', async () => {
  const sheet = await mounted('lc-run-sheet', { products, ...rights });
  const orders = asked<string[]>(sheet, 'lineup');

  const [first] = allWithin(sheet, 'lc-run-row');
  within(first!, '.grip').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, composed: true }));

  expect(orders).toEqual([['p2', 'p1', 'p3']]);
});

test('the order on screen waits for the server', async () => {
  const sheet = await mounted('lc-run-sheet', { products, ...rights });

  const [first] = allWithin(sheet, 'lc-run-row');
  within(first!, '.grip').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, composed: true }));
  await sheet.updateComplete;

  expect(allWithin(sheet, 'lc-run-row').map((row) => row.product.id)).toEqual(['p1', 'p2', 'p3']);
});

test('moving past an end asks for nothing', async () => {
  const sheet = await mounted('lc-run-sheet', { products, ...rights });
  const orders = asked<string[]>(sheet, 'lineup');

  const [first] = allWithin(sheet, 'lc-run-row');
  within(first!, '.grip').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true, composed: true }));

  expect(orders).toEqual([]);
});

test('removing a product asks for the lineup without it', async () => {
  const sheet = await mounted('lc-run-sheet', { products, ...rights });
  const orders = asked<string[]>(sheet, 'lineup');

  within(allWithin(sheet, 'lc-run-row')[1]!, '.remove').click();

  expect(orders).toEqual([['p1', 'p3']]);
});

test('a pinned product can be unpinned and the one after it is next', async () => {
  const sheet = await mounted('lc-run-sheet', { products, pins: [pin], ...rights });
  const unpinned = asked<string>(sheet, 'unpin');
  const [first, second] = allWithin(sheet, 'lc-run-row');

  within(first!, '.pin').click();

  expect(unpinned).toEqual(['p1']);
  expect(textOf(first!)).toContain('On screen for');
  expect(textOf(second!)).toContain('Next');
});

test('without the right nothing can be pinned, moved or sold', async () => {
  const sheet = await mounted('lc-run-sheet', { products });

  const [first] = allWithin(sheet, 'lc-run-row');

  expect(allWithin(first!, 'lc-button, .grip')).toHaveLength(0);
});

test('an open flash sale shows its price and what is left', async () => {
  const sheet = await mounted('lc-run-sheet', { products, sales: [sale()], ...rights });

  const [first] = allWithin(sheet, 'lc-run-row');

  expect(textOf(first!)).toContain('28 of 40 left');
});

test('a product without stock is sold out', async () => {
  const sheet = await mounted('lc-run-sheet', { products: [product('p1', { variants: [variant({ available: 0 })] })] });

  expect(textOf(allWithin(sheet, 'lc-run-row')[0]!)).toContain('Sold out');
});

test('an empty run sheet says what comes next', async () => {
  const sheet = await mounted('lc-run-sheet', { canEdit: true });

  expect(textOf(sheet)).toContain('Add the first product');
});
