import { expect, test } from 'vitest';
import { preferH264 } from './whip';

const codec = (mimeType: string, sdpFmtpLine?: string): RTCRtpCodec => ({ mimeType, clockRate: 90000, ...(sdpFmtpLine ? { sdpFmtpLine } : {}) });

test('h264 constrained baseline in packetization mode 1 comes first and nothing is lost', () => {
  const vp8 = codec('video/VP8');
  const high = codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f');
  const single = codec('video/H264', 'packetization-mode=0;profile-level-id=42e01f');
  const wanted = codec('video/H264', 'packetization-mode=1;profile-level-id=42e01f');

  const order = preferH264([vp8, high, single, wanted]);

  expect(order).toEqual([wanted, high, single, vp8]);
});
