import { describe, expect, it, vi } from 'vitest';
import { Api, ApiError } from '../net/api';
import { Cart } from '../net/cart';
import { Buying, type BuyingHost } from './buying';

const want = { show_id: 'show', product_id: 'mug', variant_id: 'mug-v', flash_sale_id: 'sale', quantity: 1 };
const host: BuyingHost = { requestUpdate: vi.fn(), openSheet: vi.fn(), toast: vi.fn(), announce: vi.fn() };

async function saidAfterWaiting(answer: Promise<unknown>): Promise<string> {
  const api = new Api();
  vi.spyOn(api, 'post').mockReturnValue(answer);
  const buying = new Buying(host, new Cart(api, null, 'show'), 'show', () => null);

  await buying.wait(want);

  expect(buying.busy).toBe('');
  return buying.said('mug');
}

describe('waiting for what is sold out', () => {
  it('says the place in the line', async () => {
    expect(await saidAfterWaiting(Promise.resolve({ id: 'place', status: 'waiting', position: 3 }))).toContain('number 3 in line');
    expect(await saidAfterWaiting(Promise.resolve({ id: 'place', status: 'waiting', position: 1 }))).toContain('You are next');
  });

  it('says to buy when one came back meanwhile', async () => {
    expect(await saidAfterWaiting(Promise.reject(new ApiError('not_sold_out', '')))).toContain('Press Buy');
  });
});
