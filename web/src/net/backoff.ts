/** Jittered delays 0.5 → 8 s: full spread over the upper half, so that a thousand pages do not return at once. */
export class Backoff {
  #tries = 0;

  constructor(private readonly firstMs = 500, private readonly maxMs = 8_000, private readonly random = Math.random) {}

  next(): number {
    const span = Math.min(this.maxMs, this.firstMs * 2 ** this.#tries);
    this.#tries += 1;
    return Math.round(span / 2 + this.random() * (span / 2));
  }

  reset(): void {
    this.#tries = 0;
  }
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
