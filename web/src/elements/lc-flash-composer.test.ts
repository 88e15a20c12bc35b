import { expect, test } from 'vitest';
import { allWithin, asked, mounted, textOf, within } from '../testing/mounted';
import { product, sale, variant } from '../testing/samples';
import type { Offer } from '../state/offer';
import './lc-flash-composer';
import type { LcFlashComposer } from './lc-flash-composer';

const mug = product('p1', { title: 'Kyst mug', variants: [variant()] });

async function write(composer: LcFlashComposer, label: string, value: string): Promise<void> {
  const field = allWithin(composer, 'lc-field').find((candidate) => candidate.label.startsWith(label))!;
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await composer.updateComplete;
}
const send = (composer: LcFlashComposer): void => within(composer, 'lc-button[variant="sale"]').click();

test('the proposal can be sent as it is', async () => {
  const composer = await mounted('lc-flash-composer', { product: mug });
  const offers = asked<Offer>(composer, 'open-sale');

  send(composer);

  expect(offers).toEqual([{ variant_id: 'v1', price: { amount: '16.00', currency: 'EUR' }, quantity: 40, per_buyer_limit: 2, starts_in_s: 10, duration_s: 60 }]);
});

test('more units than there are is told at the field and not sent', async () => {
  const composer = await mounted('lc-flash-composer', { product: mug });
  const offers = asked<Offer>(composer, 'open-sale');

  await write(composer, 'Units', '69');
  send(composer);
  await composer.updateComplete;

  expect(offers).toEqual([]);
  expect(allWithin(composer, 'lc-field').map((field) => field.error)).toContain('At most 68');
});

test('the preview says how much less it is', async () => {
  const composer = await mounted('lc-flash-composer', { product: mug });

  await write(composer, 'Price', '18');

  expect(textOf(composer)).toContain('−25%');
  expect(textOf(composer)).toContain('40 of 68 units are set aside');
});

test('stock that changes meanwhile does not wipe what was typed', async () => {
  const composer = await mounted('lc-flash-composer', { product: mug });
  await write(composer, 'Price', '19');

  composer.product = product('p1', { variants: [variant({ available: 12 })] });
  await composer.updateComplete;

  expect(allWithin(composer, 'lc-field')[0]!.value).toBe('19');
  expect(textOf(composer)).toContain('of 12 units');
});

test('an open sale can be ended', async () => {
  const composer = await mounted('lc-flash-composer', { product: mug, sale: sale() });
  const ended = asked<string>(composer, 'close-sale');

  within(composer, 'lc-button[icon="stop"], lc-button[variant="outline"]').click();

  expect(ended).toEqual(['f1']);
  expect(textOf(composer)).toContain('12 of 40 units');
});
