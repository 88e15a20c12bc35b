import type { Pin } from './types';

const LATEST_MS = 5_000; // a picture that lags more, or has no clock, does not keep a pin back for longer
const HELD_MS = 600;

interface Change {
  pins: Pin[];
  mediaTs: number;
  latestAt: number;
}

/**
 * Lets pins through when the viewer's own picture has reached the moment they belong to.
 *
 * A finger on the card keeps what is shown for 600 ms, so that nobody buys the wrong thing.
 */
export class PinGate {
  shown: Pin[] = [];
  #waiting: Change[] = [];
  #heldUntil = 0;

  /** Takes a change at local time `now`; without a `mediaTs` it is due at once. */
  change(pins: Pin[], mediaTs: number | null, now: number): void {
    if (mediaTs === null) this.#waiting = [];
    this.#waiting.push({ pins, mediaTs: mediaTs ?? -Infinity, latestAt: now + LATEST_MS });
  }

  hold(now: number): void {
    this.#heldUntil = now + HELD_MS;
  }

  /** Whether what is shown changed; `picture` is where the viewer's picture is, if that is known. */
  tick(picture: number | null, now: number): boolean {
    if (now < this.#heldUntil) return false;
    let isChanged = false;
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const isDue = now >= next.latestAt || next.mediaTs === -Infinity || (picture !== null && picture >= next.mediaTs);
      if (!isDue) break;
      this.shown = next.pins;
      this.#waiting.shift();
      isChanged = true;
    }
    return isChanged;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }
}
