import type { Check } from '../elements/lc-go-live';
import type { Reading } from '../elements/lc-camera';
import type { SenderSample } from '../net/sender_stats';
import { megabits, type StreamReport } from '../state/health';
import { inStock } from '../state/products';
import type { Product } from '../state/types';
import type { Broadcast } from './broadcast';

const QUIET_DB = -48;
const CLIPPING_DB = -3;

const good = (title: string, note: string): Check => ({ title, note, state: 'good' });
const warn = (title: string, note: string): Check => ({ title, note, state: 'warn' });
const bad = (title: string, note: string): Check => ({ title, note, state: 'bad' });
const waiting = (title: string, note: string): Check => ({ title, note, state: 'waiting' });

/** "720p · 30" of what the camera gives. */
export function formatOf(stream: MediaStream | null): string {
  const [track] = stream?.getVideoTracks() ?? [];
  const { width = 0, height = 0, frameRate = 0 } = track?.getSettings() ?? {};
  return height ? `${Math.min(width, height)}p · ${Math.round(frameRate)}` : '';
}

/** What is looked at before a show starts. */
export function checksOf(broadcast: Broadcast, products: readonly Product[], isLinked: boolean): Check[] {
  return [cameraCheck(broadcast), soundCheck(broadcast), isLinked ? good('Connection to this server', 'The server answers.') : waiting('Connection to this server', 'It is being reached.'), runSheetCheck(products)];
}

function cameraCheck({ stream, trouble }: Broadcast): Check {
  if (trouble) return bad('Camera', trouble.title);
  if (!stream) return waiting('Camera', 'Open it on the left.');
  const [size = '', rate = ''] = formatOf(stream).split(' · ');
  return good('Camera', `${size} at ${rate} pictures a second`);
}

function soundCheck({ stream, db }: Broadcast): Check {
  if (!stream) return waiting('Microphone', 'It opens with the camera.');
  if (db === null) return warn('Microphone', 'No microphone: viewers will hear nothing.');
  if (db > CLIPPING_DB) return warn('Microphone', 'Too loud. Move away from it a little.');
  if (db < QUIET_DB) return warn('Microphone', 'Quiet right now. Say something.');
  return good('Microphone', `We hear you: −${Math.round(-db)} dB`);
}

function runSheetCheck(products: readonly Product[]): Check {
  if (products.length === 0) return warn('Run sheet', 'No products yet. Viewers can watch and chat, but not buy.');
  const gone = products.filter((product) => inStock(product) === 0).map(({ title }) => title);
  if (gone.length > 0) return warn('Run sheet', `Sold out: ${gone.join(', ')}.`);
  return good('Run sheet', `${products.length} products, all in stock`);
}

/** The figures under the camera: ours while we send, else the server's. */
export function readingsOf(own: SenderSample | null, server: StreamReport | null): Reading[] {
  const isIncoming = server?.state === 'live' || server?.state === 'stalled';
  if (!own && !isIncoming) return [];
  const kbps = own ? own.bitrateKbps : (server?.bitrate_kbps ?? null);
  const loss = own ? own.lossPercent : (server?.loss_percent ?? null);
  const rtt = own ? own.rttMs : (server?.rtt_ms ?? null);
  return [
    { label: 'Up', value: kbps === null ? '–' : `${megabits(kbps)} Mbit` },
    { label: 'Lost', value: loss === null ? '–' : `${loss}%` },
    { label: 'Trip', value: rtt === null ? '–' : `${Math.round(rtt)} ms` },
    { label: 'Viewers', value: server?.viewers ? String(server.viewers.whep + server.viewers.hls) : '–' },
  ];
}
