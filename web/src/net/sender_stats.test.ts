import { expect, test } from 'vitest';
import { sampleOf } from './sender_stats';

const reports = (timestamp: number, bytesSent: number) => [
  { type: 'outbound-rtp', kind: 'video', timestamp, bytesSent, framesPerSecond: 30, frameWidth: 1280, frameHeight: 720, qualityLimitationReason: 'none' },
  { type: 'remote-inbound-rtp', kind: 'video', timestamp, fractionLost: 0.012, roundTripTime: 0.038 },
];

test('the bitrate is what left between two readings', () => {
  const first = sampleOf(reports(1000, 0), null);
  const second = sampleOf(reports(3000, 600_000), first);

  expect(first.bitrateKbps).toBeNull();
  expect(second).toMatchObject({ bitrateKbps: 2400, fps: 30, lossPercent: 1.2, rttMs: 38, width: 1280 });
});

test('a counter that started over gives no bitrate', () => {
  const before = sampleOf(reports(1000, 900_000), null);

  expect(sampleOf(reports(2000, 1000), before).bitrateKbps).toBeNull();
});

test('silence of the server is counted from its last packet', () => {
  const heard = { type: 'candidate-pair', nominated: true, timestamp: 9000, lastPacketReceivedTimestamp: 5500 };

  expect(sampleOf([...reports(9000, 0).slice(0, 1), heard], null).silentMs).toBe(3500);
});
