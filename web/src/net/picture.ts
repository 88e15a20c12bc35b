import type { Playback } from '../state/types';
import type { Api } from './api';
import { Backoff, pause } from './backoff';
import { serverClock } from './clock';
import { playHls, type HlsPlaying } from './hls';
import { MediaClock } from './media_clock';
import { playWhep, type Playing } from './whep';

export type Path = 'whep' | 'hls';

/**
 * Keeps a picture in one `<video>`: WHEP first, HLS when that does not come about, and again with growing delays while the
 * stream is live. The last picture stays on screen meanwhile.
 */
export class Picture {
  readonly clock = new MediaClock();
  path: Path | null = null;
  #playing: Playing | HlsPlaying | null = null;
  #run = 0;
  #sources = '';

  constructor(private readonly video: HTMLVideoElement, private readonly api: Api, private readonly onChange: () => void) {}

  /** Follows what the server says about the stream. */
  follow(playback: Playback): void {
    this.clock.setBase(playback);
    const sources = playback.state === 'live' ? `${playback.whep_url}|${playback.hls_url}|${playback.stream_started_at}` : '';
    if (sources === this.#sources) return;
    this.#sources = sources;
    this.stop();
    if (sources) void this.#keepPlaying(playback, (this.#run += 1));
  }

  /** Lets go of the connection; the last picture stays. */
  stop(): void {
    this.#run += 1;
    this.#playing?.stop();
    this.#playing = null;
    this.clock.stop();
    this.path = null;
  }

  /** Seconds from the server to this screen. */
  lag(): number | null {
    const lag = this.path && this.clock.lagMs(serverClock.now());
    return typeof lag === 'number' ? lag / 1000 : null;
  }

  async #keepPlaying(playback: Playback, run: number): Promise<void> {
    const backoff = new Backoff(1_000, 15_000);
    while (run === this.#run) {
      const lost = await this.#playOnce(playback, run);
      if (run !== this.#run) return;
      this.path = null;
      this.onChange();
      if (lost === 'after a while') backoff.reset();
      await pause(backoff.next());
    }
  }

  /** Resolves when the picture is lost, or never came. */
  async #playOnce({ whep_url, hls_url }: Playback, run: number): Promise<'after a while' | 'at once'> {
    const startedAt = performance.now();
    for (const path of ['whep', 'hls'] as const) {
      const url = path === 'whep' ? whep_url : hls_url;
      if (!url || run !== this.#run || (path === 'whep' && !('RTCPeerConnection' in globalThis))) continue;
      try {
        await this.#play(path, url, run);
        return performance.now() - startedAt > 20_000 ? 'after a while' : 'at once';
      } catch {
        continue; // the next path
      }
    }
    return 'at once';
  }

  #play(path: Path, url: string, run: number): Promise<void> {
    return new Promise((lost, failed) => {
      const start = path === 'whep' ? playWhep(url, this.video, this.api, lost) : this.#playHls(url, lost);
      start.then((playing) => this.#took(path, playing, run, lost)).catch(failed);
    });
  }

  #playHls(url: string, lost: () => void): Promise<HlsPlaying> {
    this.video.srcObject = null;
    return playHls(url, this.video, this.api.headers(), lost);
  }

  #took(path: Path, playing: Playing | HlsPlaying, run: number, lost: () => void): void {
    if (run !== this.#run) {
      playing.stop();
      return lost();
    }
    this.#playing = playing;
    this.path = path;
    if ('playingDate' in playing) this.clock.followDate(() => playing.playingDate());
    else this.clock.followFrames(this.video);
    this.onChange();
  }
}
