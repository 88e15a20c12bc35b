import type { Playback } from '../state/types';

const RTP_HZ = 90; // per millisecond
const WRAP = 2 ** 32;

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

  setBase(base: Base): void {
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

  /** The server's time (ms since 1970) when the picture on screen reached it. */
  date(): number | null {
    const now = this.now();
    return now !== null && this.#base.pdt_base_ms !== null ? now + this.#base.pdt_base_ms : null;
  }
}
