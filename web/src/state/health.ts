/** How well the picture leaves the studio, in one word and one sentence of advice. */
import type { PublisherPhase } from '../net/publisher';
import type { SenderSample } from '../net/sender_stats';

export type HealthLevel = 'good' | 'weak' | 'lost' | 'idle';

export interface Health {
  level: HealthLevel;
  /** One or two words for the light. */
  word: string;
  /** What it means, or what to do. */
  advice: string;
}

/** The server's view of the incoming stream: GET /shows/{id}/stream. */
export interface StreamReport {
  state: 'waiting' | 'live' | 'stalled' | 'interrupted' | 'ended';
  codec: string | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  bitrate_kbps: number | null;
  keyframe_interval_ms: number | null;
  loss_percent: number | null;
  rtt_ms: number | null;
  viewers: { whep: number; hls: number } | null;
}

const LOSS_WEAK_PERCENT = 3;
const RTT_WEAK_MS = 350;
const NARROW_KBPS = 700;
const FEW_PICTURES = 15;
const KEYFRAME_LATE_MS = 6000;

const good = (word: string, advice: string): Health => ({ level: 'good', word, advice });
const weak = (word: string, advice: string): Health => ({ level: 'weak', word, advice });
const lost = (word: string, advice: string): Health => ({ level: 'lost', word, advice });
const idle = (word: string, advice: string): Health => ({ level: 'idle', word, advice });

export const megabits = (kbps: number): string => (kbps / 1000).toFixed(1);

/** Judge our own upload when we send, else what the server receives from somebody else. */
export function healthOf(phase: PublisherPhase, own: SenderSample | null, server: StreamReport | null): Health {
  switch (phase) {
    case 'connecting':
      return idle('Connecting', 'The server is answering.');
    case 'retrying':
      return lost('Lost', 'The connection is gone. It is tried again by itself; viewers keep chat and cart.');
    case 'refused':
      return lost('Refused', 'The server did not take the picture.');
    case 'sending':
      return ownHealth(own, server);
    default:
      return remoteHealth(server);
  }
}

function ownHealth(own: SenderSample | null, server: StreamReport | null): Health {
  if (server?.state === 'stalled') return weak('Stalled', 'The server waits for pictures. Check the network of this device.');
  const loss = Math.max(own?.lossPercent ?? 0, server?.loss_percent ?? 0);
  if (loss > LOSS_WEAK_PERCENT) return weak('Weak', `${loss}% of the picture is lost. Move closer to the router, or use a cable.`);
  if (own?.limitedBy === 'cpu') return weak('Busy', 'This computer is too busy for the picture. Close other programs.');
  if (own?.limitedBy === 'bandwidth' && (own.bitrateKbps ?? Infinity) < NARROW_KBPS) return weak('Weak', 'The upload is narrow. Stop other uploads, or use a cable.');
  if ((own?.rttMs ?? 0) > RTT_WEAK_MS) return weak('Slow', `The way to the server takes ${own?.rttMs ?? 0} ms. A cable or another network helps.`);
  const fps = own?.fps ?? FEW_PICTURES;
  if (fps < FEW_PICTURES) return weak('Few pictures', `${Math.round(fps)} pictures a second. More light helps the camera.`);
  return good('Good', 'The picture arrives as it should.');
}

function remoteHealth(server: StreamReport | null): Health {
  switch (server?.state) {
    case 'live':
      if ((server.loss_percent ?? 0) > LOSS_WEAK_PERCENT) return weak('Weak', `${server.loss_percent}% of the picture is lost on its way here.`);
      if ((server.keyframe_interval_ms ?? 0) > KEYFRAME_LATE_MS) return weak('Slow start', 'New viewers wait for a picture: set the keyframe interval to 2 s.');
      return good('Good', 'The picture arrives as it should.');
    case 'stalled':
      return weak('Stalled', 'The sender is connected, but no pictures arrive.');
    case 'interrupted':
      return lost('Lost', 'The sender is gone. Viewers see that the show waits for the picture.');
    default:
      return idle('No picture', 'Nobody is sending yet.');
  }
}
