import { expect, test } from 'vitest';
import type { SenderSample } from '../net/sender_stats';
import { healthOf, type StreamReport } from './health';

const own = (change: Partial<SenderSample> = {}): SenderSample => ({ atMs: 0, bytes: 0, bitrateKbps: 2400, fps: 30, width: 1280, height: 720, lossPercent: 0.2, rttMs: 38, silentMs: 200, limitedBy: 'none', ...change });
const server = (change: Partial<StreamReport> = {}): StreamReport => ({ state: 'live', codec: 'h264', width: 1280, height: 720, fps: 30, bitrate_kbps: 2400, keyframe_interval_ms: 2000, loss_percent: 0, rtt_ms: 20, viewers: { whep: 1, hls: 2 }, ...change });

test('a clean upload is good', () => {
  expect(healthOf('sending', own(), server()).level).toBe('good');
});

test('loss on either side makes the light weak and says what helps', () => {
  const health = healthOf('sending', own(), server({ loss_percent: 6 }));

  expect(health.level).toBe('weak');
  expect(health.advice).toBe('6% of the picture is lost. Move closer to the router, or use a cable.');
});

test('a busy computer is named', () => {
  expect(healthOf('sending', own({ limitedBy: 'cpu' }), null).advice).toContain('Close other programs');
});

test('without a sender of our own the server decides', () => {
  expect(healthOf('idle', null, server()).level).toBe('good');
  expect(healthOf('idle', null, server({ state: 'interrupted' })).level).toBe('lost');
  expect(healthOf('idle', null, null).level).toBe('idle');
});
