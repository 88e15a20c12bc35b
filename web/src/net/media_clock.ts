import type { Playback } from '../state/types';

const RTP_HZ = 90; // per millisecond
const WRAP = 2 ** 32;
const MARK_MAX_MS = 30_000; // clocks drift apart after that
const MARK_ERROR_MS = 500; // how far off the server's own idea of the stream may be

/** Milliseconds on the stream's timeline of an RTP timestamp; the 32-bit counter may have wrapped since the base. */
export function mediaTsOfRtp(rtp: number, base: number): number {
  const ticks = ((rtp - base) % WRAP + WRAP) % WRAP;
  return Math.round((ticks > WRAP / 2 ? ticks - WRAP : ticks) / RTP_HZ);
}

/** Milliseconds on the stream's timeline of an `EXT-X-PROGRAM-DATE-TIME`. */
export const mediaTsOfDate = (date: Date, pdtBaseMs: number): number => date.getTime() - pdtBaseMs;

type Base = Pick<Playback, 'rtp_base' | 'pdt_base_ms'>;

/** Where this viewer's own picture is on the stream's timeline. Null while it cannot be known. */
export class MediaClock {
  #base: Base = { rtp_base: null, pdt_base_ms: null };
  #frame: { rtp: number; at: number } | null = null;
  #playingDate: (() => Date | null) | null = null;
  #video: HTMLVideoElement | null = null;
  #handle = 0;
  #mark: { mediaTs: number; atMs: number } | null = null;

  setBase(base: Base): void {
    if (base.rtp_base !== this.#base.rtp_base) this.#mark = null; // another stream
    this.#base = base;
  }

  /** Reads the RTP time of every frame shown (WHEP). */
  followFrames(video: HTMLVideoElement): void {
    this.stop();
    if (!('requestVideoFrameCallback' in video)) return;
    this.#video = video;
    const onFrame = (now: number, { rtpTimestamp }: VideoFrameCallbackMetadata): void => {
      if (rtpTimestamp !== undefined) this.#frame = { rtp: rtpTimestamp, at: now };
      this.#handle = video.requestVideoFrameCallback(onFrame);
    };
    this.#handle = video.requestVideoFrameCallback(onFrame);
  }

  /** Asks the HLS player for the wall time of what it shows. */
  followDate(playingDate: () => Date | null): void {
    this.stop();
    this.#playingDate = playingDate;
  }

  stop(): void {
    this.#video?.cancelVideoFrameCallback(this.#handle);
    this.#video = this.#frame = this.#playingDate = null;
  }

  now(): number | null {
    const { rtp_base, pdt_base_ms } = this.#base;
    if (this.#frame && rtp_base !== null) return mediaTsOfRtp(this.#frame.rtp, rtp_base);
    const date = this.#playingDate?.();
    return date && pdt_base_ms !== null ? mediaTsOfDate(date, pdt_base_ms) : null;
  }

  /** The stream was at `mediaTs` when the server's clock said `atMs` (an event tells). */
  mark(mediaTs: number, atMs: number): void {
    this.#mark = { mediaTs, atMs };
  }

  /**
   * Milliseconds from the server to this screen, at the server's time `nowMs`.
   *
   * Measured against the last mark and not the stream's begin: a busy encoder's clock runs slower than ours.
   */
  lagMs(nowMs: number): number | null {
    const now = this.now();
    if (now === null || !this.#mark || nowMs - this.#mark.atMs > MARK_MAX_MS) return null;
    const lag = nowMs - this.#mark.atMs - (now - this.#mark.mediaTs);
    return lag > -MARK_ERROR_MS ? Math.max(0, lag) : null;
  }
}
