import type { Ack, Envelope, Joined, Notice, Snapshot } from '../state/events';
import { ApiError } from './api';
import { Backoff } from './backoff';
import type { ServerClock } from './clock';
import type { Wire } from './socket';

export type Link =
  | { state: 'connecting' | 'live' }
  | { state: 'reconnecting'; retryAt: number }
  | { state: 'ended'; code: string; message: string };

export interface Listeners {
  onSnapshot(snapshot: Snapshot): void;
  onEvents(events: Envelope[]): void;
  onNotice?(notice: Notice): void;
  onLink?(link: Link): void;
}

const TERMINAL = new Set(['banned', 'signed_out', 'show_not_found', 'not_found', 'unauthenticated', 'forbidden']);
const ASK_TIMEOUT_MS = 8_000;
const MAX_BUFFERED = 5_000; // beyond this a fresh snapshot is cheaper

/**
 * One page's seat in one show.
 *
 * Events go to `onEvents` in order of `seq`, each once. While a join is under way they are buffered; a gap or another
 * epoch joins again. The socket is opened again with jittered delays unless the server said that it is over.
 */
export class LiveShow {
  #epoch: string | null = null;
  #seq = 0;
  #buffer: Envelope[] | null = [];
  #backoff = new Backoff();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastCode: { code: string; message: string } | null = null;
  #isOver = false;

  constructor(
    private readonly wire: Wire,
    private readonly showId: string,
    private readonly listeners: Listeners,
    private readonly clock: ServerClock,
    private readonly scope: 'public' | 'staff' = 'public',
  ) {
    wire.on('connect', () => void this.#join());
    wire.on('connect_error', (error: Error & { data?: { code?: string; message?: string } }) => this.#lost(error.data));
    wire.on('disconnect', () => this.#lost());
    wire.on('show.events', (events: Envelope[]) => this.#receive(events));
    wire.on('notice', (notice: Notice) => this.#noticed(notice));
    wire.on('bye', (reason: { code: string; message?: string }) => this.#remember(reason));
  }

  open(): void {
    this.#tell({ state: 'connecting' });
    this.wire.connect();
  }

  /** Tries again at once ("Now"). */
  retryNow(): void {
    if (this.#isOver || this.wire.connected) return;
    clearTimeout(this.#timer);
    this.#tell({ state: 'connecting' });
    this.wire.connect();
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.wire.disconnect();
  }

  /** Sends one message and gives its ack; a refusal becomes an `ApiError`. */
  async ask<T extends object>(event: string, data: unknown, timeoutMs = ASK_TIMEOUT_MS): Promise<T> {
    if (!this.wire.connected) throw new ApiError('offline', 'The connection is lost.');
    const ack = (await this.wire.ask(event, data, timeoutMs).catch(() => {
      throw new ApiError('offline', 'No answer yet.');
    })) as Ack<T>;
    if (ack.ok) return ack;
    const { code, message, retry_after_ms } = ack;
    throw new ApiError(code, message, 0, retry_after_ms === undefined ? null : retry_after_ms / 1000, { ...ack });
  }

  async #join(): Promise<void> {
    this.#buffer = [];
    const since = this.#epoch === null ? {} : { since: { epoch: this.#epoch, seq: this.#seq } };
    const askedAt = performance.now();
    try {
      const joined = await this.ask<Joined>('show.join', { show_id: this.showId, scope: this.scope, ...since });
      this.clock.sample(joined.now_ms, askedAt, performance.now());
      this.#enter(joined);
    } catch (error) {
      const { code, message } = error as ApiError;
      if (code !== 'offline') this.#remember({ code, message });
      this.wire.disconnect();
    }
  }

  #enter(joined: Joined): void {
    const buffered = this.#buffer ?? [];
    this.#buffer = null;
    this.#epoch = joined.epoch;
    if (joined.snapshot) {
      this.#seq = joined.seq;
      this.listeners.onSnapshot(joined.snapshot);
    } else {
      this.#deliver(joined.events ?? []);
      this.#seq = Math.max(this.#seq, joined.seq);
    }
    this.#backoff.reset();
    this.#lastCode = null;
    this.#tell({ state: 'live' });
    this.#receive(buffered);
    void this.clock.measure(() => this.ask('clock.ping', {})).catch(() => undefined);
  }

  #receive(events: Envelope[]): void {
    const mine = events.filter((event) => event.show_id === this.showId && (event.scope ?? this.scope) === this.scope); // each scope has its own `seq`
    if (!this.#buffer) return this.#deliver(mine);
    this.#buffer.push(...mine);
    if (this.#buffer.length > MAX_BUFFERED) this.wire.disconnect();
  }

  /** Hands on what comes next in order; joins again at a gap or another epoch. */
  #deliver(events: Envelope[]): void {
    const fresh: Envelope[] = [];
    for (const event of events) {
      if (event.seq == null) {
        fresh.push(event); // a counter: absolute, with its own version
        continue;
      }
      if (event.epoch != null && event.epoch !== this.#epoch) return this.#rejoin(fresh, true);
      if (event.seq <= this.#seq) continue;
      if (event.seq > this.#seq + 1) return this.#rejoin(fresh, false);
      this.#seq = event.seq;
      fresh.push(event);
    }
    if (fresh.length) this.listeners.onEvents(fresh);
  }

  #rejoin(fresh: Envelope[], isOtherEpoch: boolean): void {
    if (fresh.length) this.listeners.onEvents(fresh);
    if (isOtherEpoch) this.#epoch = null;
    void this.#join();
  }

  #noticed(notice: Notice): void {
    if (notice.type === 'you.banned') this.#remember({ code: 'banned', message: '' });
    this.listeners.onNotice?.(notice);
  }

  #remember({ code, message }: { code: string; message?: string }): void {
    this.#lastCode = { code, message: message ?? '' };
  }

  #lost(refused?: { code?: string; message?: string }): void {
    if (refused?.code) this.#remember({ code: refused.code, message: refused.message ?? '' });
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#buffer = [];
    if (this.#lastCode && TERMINAL.has(this.#lastCode.code)) {
      this.#isOver = true;
      return this.#tell({ state: 'ended', ...this.#lastCode });
    }
    const delay = this.#backoff.next();
    this.#tell({ state: 'reconnecting', retryAt: Date.now() + delay });
    this.#timer = setTimeout(() => this.retryNow(), delay);
  }

  #tell(link: Link): void {
    this.listeners.onLink?.(link);
  }
}
