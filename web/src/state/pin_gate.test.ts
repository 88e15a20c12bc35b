import { describe, expect, it } from 'vitest';
import { PinGate } from './pin_gate';

const pin = (product_id: string) => ({ product_id, media_ts: null, pinned_at: '2030-01-01T20:00:00Z' });
const ids = (gate: PinGate) => gate.shown.map((one) => one.product_id);

describe('a pin', () => {
  it('waits until the own picture reaches its moment', () => {
    const gate = new PinGate();
    gate.change([pin('mug')], 10_000, 0);

    gate.tick(9_900, 100);
    expect(ids(gate)).toEqual([]);

    expect(gate.tick(10_000, 200)).toBe(true);
    expect(ids(gate)).toEqual(['mug']);
  });

  it('comes after five seconds at the latest', () => {
    const gate = new PinGate();
    gate.change([pin('mug')], 10_000, 0);

    gate.tick(null, 4_999);
    expect(ids(gate)).toEqual([]);

    gate.tick(null, 5_000);
    expect(ids(gate)).toEqual(['mug']);
  });

  it('of a snapshot is shown at once and forgets what waited', () => {
    const gate = new PinGate();
    gate.change([pin('old')], 10_000, 0);
    gate.change([pin('mug')], null, 10);

    gate.tick(0, 20);

    expect(ids(gate)).toEqual(['mug']);
    expect(gate.isWaiting).toBe(false);
  });

  it('does not change under a finger for 600 ms', () => {
    const gate = new PinGate();
    gate.hold(1_000);
    gate.change([pin('mug')], null, 1_100);

    expect(gate.tick(null, 1_599)).toBe(false);
    expect(gate.tick(null, 1_600)).toBe(true);
  });

  it('follows in order when several become due together', () => {
    const gate = new PinGate();
    gate.change([pin('mug')], 10_000, 0);
    gate.change([pin('vase'), pin('mug')], 12_000, 500);

    gate.tick(12_500, 600);

    expect(ids(gate)).toEqual(['vase', 'mug']);
  });
});
