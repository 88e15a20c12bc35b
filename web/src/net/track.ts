import type { Envelope, Joined } from '../state/events';

/** How far one scope of a show has come on this page, and what waits while it joins. */
export class Track {
  #epoch: number | string | null = null;
  #seq = 0;
  #buffer: Envelope[] | null = [];

  constructor(readonly scope: 'public' | 'staff') {}

  get isHolding(): boolean {
    return this.#buffer !== null;
  }

  /** From now on events wait, until the join is acked. */
  hold(): void {
    this.#buffer = [];
  }

  /** Returns how many wait. */
  keep(events: Envelope[]): number {
    return (this.#buffer ??= []).push(...events);
  }

  since(): { since?: { epoch: number | string; seq: number } } {
    return this.#epoch === null ? {} : { since: { epoch: this.#epoch, seq: this.#seq } };
  }

  /** Takes the ack of a join; returns what waited, to be taken after the ack's own events. */
  enter({ epoch, seq, snapshot }: Joined): Envelope[] {
    const waited = this.#buffer ?? [];
    this.#buffer = null;
    this.#epoch = epoch;
    if (snapshot) this.#seq = seq;
    return waited;
  }

  /** All events up to here are known. */
  reach(seq: number): void {
    this.#seq = Math.max(this.#seq, seq);
  }

  /** What follows in order, each event once; counters carry no `seq` and always pass. `isBroken`: join again. */
  take(events: Envelope[]): { next: Envelope[]; isBroken: boolean } {
    const next: Envelope[] = [];
    for (const event of events) {
      if (event.seq == null) {
        next.push(event);
        continue;
      }
      if (event.epoch != null && event.epoch !== this.#epoch) {
        this.#epoch = null; // another history: only a snapshot helps
        return { next, isBroken: true };
      }
      if (event.seq <= this.#seq) continue;
      if (event.seq > this.#seq + 1) return { next, isBroken: true };
      this.#seq = event.seq;
      next.push(event);
    }
    return { next, isBroken: false };
  }
}
