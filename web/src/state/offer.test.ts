import { expect, test } from 'vitest';
import { variant } from '../testing/samples';
import { amountOf, errorsOf, offerOf, proposalOf, type OfferForm } from './offer';

const form = (change: Partial<OfferForm> = {}): OfferForm => ({ variant_id: 'v1', price: '17', quantity: '40', per_buyer: '2', starts_in_s: 10, duration_s: 60, ...change });

test('amounts are read as people write them', () => {
  expect(amountOf('17')).toBe('17.00');
  expect(amountOf('17,5')).toBe('17.50');
  expect(amountOf('€ 17.50')).toBe('17.50');
  expect(amountOf('17.505')).toBeNull();
  expect(amountOf('1.234,50')).toBeNull();
  expect(amountOf('-3')).toBeNull();
});

test('a good form becomes an offer in the currency of its variant', () => {
  expect(offerOf(form(), variant())).toEqual({ variant_id: 'v1', price: { amount: '17.00', currency: 'EUR' }, quantity: 40, per_buyer_limit: 2, starts_in_s: 10, duration_s: 60 });
});

test('more units than there are is an error and no offer', () => {
  expect(errorsOf(form({ quantity: '69' }), variant())).toEqual({ quantity: 'At most 68' });
  expect(offerOf(form({ quantity: '69' }), variant())).toBeNull();
});

test('a flash sale is below the price of now', () => {
  expect(errorsOf(form({ price: '24.00' }), variant())).toEqual({ price: 'Below 24.00' });
});

test('fractions, signs and words are no quantity', () => {
  for (const quantity of ['0', '-1', '1.5', 'many', '']) expect(errorsOf(form({ quantity }), variant()).quantity).toBeDefined();
});

test('the proposal is itself a valid offer, also for one last unit', () => {
  for (const available of [1, 2, 500]) expect(offerOf(proposalOf(variant({ available })), variant({ available }))).not.toBeNull();
});
