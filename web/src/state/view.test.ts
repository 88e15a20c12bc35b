import { describe, expect, it } from 'vitest';
import { eur, product, sale, snapshot } from '../testing/shop';
import { announceCard } from './announce';
import { calendarOf } from './calendar';
import { reduction, times, total } from './money';
import { fromSnapshot } from './reducer';
import { cardView, dockedView, stockWords, variantBy, wantOf, type CardView } from './view';
import { remaining, short } from './words';
import { show } from '../testing/shop';

const pins = (id: string) => [{ product_id: id, media_ts: null, pinned_at: '2030-01-01T20:00:00Z' }];
const viewWith = (over: Parameters<typeof snapshot>[0], id = 'mug'): CardView | null => cardView(fromSnapshot(snapshot(over)), pins(id));

describe('the card', () => {
  it('shows the pinned product', () => {
    expect(viewWith({})).toMatchObject({ kind: 'plain', price: { amount: '24.00' } });
  });

  it('shows an open flash sale of the pinned product with its price', () => {
    expect(viewWith({ sales: [sale()] })).toMatchObject({ kind: 'flash', price: { amount: '17.00' }, struck: { amount: '24.00' } });
  });

  it('says that a flash sale with nothing left is taken, not closed', () => {
    expect(viewWith({ sales: [sale({ available: 0 })] })?.kind).toBe('taken');
  });

  it('waits for a flash sale that has not opened', () => {
    expect(viewWith({ sales: [sale({ state: 'scheduled' })] })?.kind).toBe('soon');
  });

  it('shows the flash sale when nothing is pinned', () => {
    expect(cardView(fromSnapshot(snapshot({ sales: [sale()] })), [])?.product.id).toBe('mug');
  });

  it('docks a flash sale while another product is pinned', () => {
    const state = fromSnapshot(snapshot({ sales: [sale()] }));
    const card = cardView(state, pins('vase'));

    expect(card?.product.id).toBe('vase');
    expect(dockedView(state, card)?.product.id).toBe('mug');
    expect(dockedView(state, cardView(state, pins('mug')))).toBeNull();
  });

  it('is absent when nothing is pinned and nothing is on sale', () => {
    expect(cardView(fromSnapshot(snapshot()), [])).toBeNull();
  });
});

describe('Buy', () => {
  const glazed = product('bowl', { options: [{ name: 'Glaze', values: ['Sea', 'Ash'] }] });
  const two = { ...glazed, variants: ['Sea', 'Ash'].map((glaze) => ({ ...product('bowl').variants[0]!, id: `bowl-${glaze}`, options: { Glaze: glaze } })) };

  it('asks for the flash sale, not for its variant', () => {
    expect(wantOf(viewWith({ sales: [sale()] })!, 'show')).toMatchObject({ flash_sale_id: 'sale', variant_id: 'mug-v' });
  });

  it('takes the only variant, or the one chosen before', () => {
    const view = viewWith({ lineup: [two] }, 'bowl')!;

    expect(wantOf(view, 'show')).toBeNull();
    expect(wantOf(view, 'show', 'bowl-Ash')).toMatchObject({ variant_id: 'bowl-Ash', flash_sale_id: null });
    expect(wantOf(viewWith({})!, 'show')).toMatchObject({ variant_id: 'mug-v' });
  });

  it('finds a variant by all its options', () => {
    expect(variantBy(two, { Glaze: 'Ash' })?.id).toBe('bowl-Ash');
    expect(variantBy(two, {})).toBeUndefined();
  });
});

describe('words and sums', () => {
  it('add money without floating point', () => {
    expect(total([eur('0.10'), eur('0.20')])).toEqual(eur('0.30'));
    expect(times(eur('17.00'), 3)).toEqual(eur('51.00'));
    expect(times({ amount: '1200', currency: 'JPY' }, 2)).toEqual({ amount: '2400', currency: 'JPY' });
    expect(total([])).toBeNull();
  });

  it('claim a reduction only when there is one', () => {
    expect(reduction(eur('17.00'), eur('24.00'))).toBe('−29%');
    expect(reduction(eur('24.00'), eur('24.00'))).toBeNull();
    expect(reduction(eur('24.00'), null)).toBeNull();
  });

  it('count down to 0:00 and never below', () => {
    expect([41_200, 600, 0, -5_000, 3_723_000].map(remaining)).toEqual(['0:42', '0:01', '0:00', '0:00', '1:02:03']);
  });

  it('say a number only where it helps', () => {
    expect([0, 3, 28].map(stockWords)).toEqual(['Sold out', '3 left', 'In stock']);
    expect([12, 8412].map(short)).toEqual(['12', '8.4k']);
  });

  it('escape a title in a calendar entry', () => {
    expect(calendarOf(show({ title: 'Cups; bowls, plates' }), 'https://x/')).toContain('SUMMARY:Cups\\; bowls\\, plates');
  });
});

describe('announcements', () => {
  const at = (available: number) => viewWith({ sales: [sale({ available })] });

  it('tell a new flash sale with price, units and seconds', () => {
    expect(announceCard(null, at(40))).toBe('Flash sale: Product mug, €17.00, 40 units, 60 seconds');
  });

  it('tell stock at half, five, one and none, and nothing between', () => {
    expect(announceCard(at(21), at(20))).toBe('20 left');
    expect(announceCard(at(20), at(19))).toBe('');
    expect(announceCard(at(6), at(5))).toBe('5 left');
    expect(announceCard(at(2), at(1))).toBe('1 left');
    expect(announceCard(at(1), at(0))).toBe('Product mug: sold out');
  });
});
