import { beforeEach, describe, expect, it, vi } from 'vitest';
import { hold } from '../testing/shop';
import { Api, ApiError } from './api';
import { Cart } from './cart';
import type { LiveShow } from './live_show';

const want = { show_id: 'show', product_id: 'mug', variant_id: 'mug-v', flash_sale_id: 'sale', quantity: 1 };
const held = { status: 'held', hold_id: 'hold', hold: hold() };

/** A line to the server that gives one answer after the other and remembers what was asked. */
function line(...answers: (object | ApiError)[]) {
  const asked: Record<string, unknown>[] = [];
  const ask = (_: string, data: Record<string, unknown>): Promise<object> => {
    asked.push(data);
    const answer = answers.shift() ?? new ApiError('unexpected', 'no answer left');
    return answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { asked, live: { ask } as unknown as LiveShow };
}

beforeEach(() => {
  sessionStorage.clear();
  vi.useFakeTimers();
});

describe('waiting', () => {
  it('takes a place in the line of the flash sale, or of the variant in this show', async () => {
    const api = new Api();
    const post = vi.spyOn(api, 'post').mockResolvedValue({ id: 'place', status: 'waiting', position: 2 });
    const cart = new Cart(api, null, 'show');

    expect((await cart.wait(want)).position).toBe(2);
    await cart.wait({ ...want, flash_sale_id: null });

    expect(post.mock.calls).toEqual([
      ['/waitlist', { flash_sale_id: 'sale', quantity: 1 }],
      ['/waitlist', { variant_id: 'mug-v', show_id: 'show', quantity: 1 }],
    ]);
  });
});

describe('buying', () => {
  it('holds only after the ack', async () => {
    const { live } = line(held);
    const cart = new Cart(new Api(), live, 'show');

    const asking = cart.buy(want);
    expect(cart.holds.value).toEqual([]);
    await asking;

    expect(cart.holds.value.map(({ id }) => id)).toEqual(['hold']);
  });

  it('asks again with the same key while the server is busy or the line is cut', async () => {
    const { live, asked } = line(new ApiError('busy', ''), new ApiError('offline', ''), held);
    const onWait = vi.fn();

    const asking = new Cart(new Api(), live, 'show').buy(want, onWait);
    await vi.advanceTimersByTimeAsync(5_000);
    await asking;

    expect(asked).toHaveLength(3);
    expect(new Set(asked.map((data) => data['idempotency_key'])).size).toBe(1);
    expect(onWait).toHaveBeenCalledTimes(2);
  });

  it('uses a new key for a new press after a definite answer', async () => {
    const { live, asked } = line(held, new ApiError('limit_reached', ''), held);
    const cart = new Cart(new Api(), live, 'show');

    await cart.buy(want);
    await expect(cart.buy(want)).rejects.toMatchObject({ code: 'limit_reached' });
    await cart.buy(want);

    expect(new Set(asked.map((data) => data['idempotency_key'])).size).toBe(3);
  });

  it('keeps the key of an unknown outcome for the next press, also over a reload', async () => {
    const never = line(...Array.from({ length: 40 }, () => new ApiError('offline', '')));
    const first = new Cart(new Api(), never.live, 'show').buy(want);
    const refused = expect(first).rejects.toMatchObject({ code: 'offline' });
    await vi.advanceTimersByTimeAsync(120_000);
    await refused;

    const again = line(held);
    await new Cart(new Api(), again.live, 'show').buy(want);

    expect(again.asked[0]?.['idempotency_key']).toBe(never.asked[0]?.['idempotency_key']);
  });

  it('asks for a variant with its show, and for a flash sale by its own id', async () => {
    const { live, asked } = line(held, held);
    const cart = new Cart(new Api(), live, 'show');

    await cart.buy(want);
    await cart.buy({ ...want, flash_sale_id: null });

    expect(asked[0]).toMatchObject({ flash_sale_id: 'sale', quantity: 1 });
    expect(asked[1]).toMatchObject({ variant_id: 'mug-v', show_id: 'show' });
    expect(asked[1]).not.toHaveProperty('flash_sale_id');
  });
});
