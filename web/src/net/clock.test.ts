import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff';
import { ServerClock } from './clock';
import { MediaClock, mediaTsOfDate, mediaTsOfRtp } from './media_clock';

describe('the server clock', () => {
  it('takes half the way of a question as the way of its answer', () => {
    const clock = new ServerClock();
    const now = performance.now();

    clock.sample(5_000_000, now - 100, now);

    expect(clock.now()).toBeGreaterThanOrEqual(5_000_050);
    expect(clock.now()).toBeLessThan(5_000_250);
  });

  it('believes the quickest answer, not the latest', () => {
    const clock = new ServerClock();
    const now = performance.now();
    clock.sample(5_000_000, now - 10, now);

    clock.sample(9_000_000, now - 900, now);

    expect(clock.now()).toBeLessThan(5_100_000);
  });

  it('tells how long until an instant of the server', () => {
    const clock = new ServerClock();
    const now = performance.now();
    clock.sample(Date.parse('2030-01-01T20:00:00Z'), now, now);

    expect(clock.until('2030-01-01T20:00:42Z')).toBeGreaterThan(41_500);
    expect(clock.until('2030-01-01T20:00:42Z')).toBeLessThanOrEqual(42_000);
  });
});

describe('the media clock', () => {
  it('maps RTP time by the base of the stream', () => {
    expect(mediaTsOfRtp(900_000 + 90_000, 900_000)).toBe(1000);
  });

  it('survives the wrap of the 32-bit counter', () => {
    expect(mediaTsOfRtp(45_000, 2 ** 32 - 45_000)).toBe(1000);
  });

  it('knows frames from shortly before the base', () => {
    expect(mediaTsOfRtp(2 ** 32 - 9_000, 0)).toBe(-100);
  });

  it('maps the date of a segment', () => {
    expect(mediaTsOfDate(new Date(61_500), 60_000)).toBe(1500);
  });

  it('knows nothing before a frame and a base came', () => {
    const clock = new MediaClock();
    expect(clock.now()).toBeNull();

    clock.followDate(() => new Date(61_500));
    expect(clock.now()).toBeNull();

    clock.setBase({ rtp_base: null, pdt_base_ms: 60_000 });
    expect(clock.now()).toBe(1500);
  });
});

describe('the delay of the picture', () => {
  it('is what is left when picture and server are compared at the same instant', () => {
    const clock = new MediaClock();
    clock.setBase({ rtp_base: null, pdt_base_ms: 0 });
    clock.followDate(() => new Date(11_600));

    expect(clock.lagMs(50_000)).toBeNull();

    clock.mark(10_000, 48_000);
    expect(clock.lagMs(50_000)).toBe(400);
    expect(clock.lagMs(90_000)).toBeNull();
  });
});

describe('backoff', () => {
  it('doubles from half a second to eight, within the upper half of each span', () => {
    const [low, high] = [new Backoff(500, 8_000, () => 0), new Backoff(500, 8_000, () => 1)];

    expect(Array.from({ length: 6 }, () => low.next())).toEqual([250, 500, 1000, 2000, 4000, 4000]);
    expect(Array.from({ length: 6 }, () => high.next())).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });
});
