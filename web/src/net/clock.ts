/** The server's time. Deadlines are compared with `now()`, never counted down. */
export class ServerClock {
  #offset = Date.now() - performance.now();
  #roundTrip = Infinity;

  /** Server milliseconds since 1970; moves evenly even when the device's clock is set. */
  now(): number {
    return performance.now() + this.#offset;
  }

  /** Milliseconds until an instant of the server. */
  until(instant: string | number): number {
    return (typeof instant === 'number' ? instant : Date.parse(instant)) - this.now();
  }

  /** One answer of the server, asked and received at `performance.now()` times. The quickest answer knows best. */
  sample(nowMs: number, askedAt: number, receivedAt: number): void {
    const roundTrip = receivedAt - askedAt;
    if (roundTrip > this.#roundTrip + 20) return;
    this.#roundTrip = roundTrip;
    this.#offset = nowMs - (askedAt + receivedAt) / 2;
  }

  /** After a long sleep old samples are worth nothing. */
  forget(): void {
    this.#roundTrip = Infinity;
  }

  async measure(ask: () => Promise<{ now_ms: number }>, times = 3): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      const askedAt = performance.now();
      const { now_ms } = await ask();
      this.sample(now_ms, askedAt, performance.now());
    }
  }
}

/** The clock of this page. */
export const serverClock = new ServerClock();
