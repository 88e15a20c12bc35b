import type { Ack, Envelope, Joined, Notice, Snapshot } from '../state/events';
import { ApiError, codeOf, textOf } from './api';
import { Backoff } from './backoff';
import type { ServerClock } from './clock';
import { Track } from './track';
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
 * Events go to `onEvents` in order of `seq`, each once; every scope counts for itself. While a join is under way they are
 * buffered; a gap or another epoch joins again. The socket is opened again with jittered delays unless the server said
 * that it is over.
 */
export class LiveShow {
  readonly #tracks: Track[];
  #backoff = new Backoff();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastCode: { code: string; message: string } | null = null;
  #isOver = false;

  constructor(
    private readonly wire: Wire,
    private readonly showId: string,
    private readonly listeners: Listeners,
    private readonly clock: ServerClock,
    scope: 'public' | 'staff' = 'public',
  ) {
    this.#tracks = scope === 'staff' ? [new Track('public'), new Track('staff')] : [new Track('public')];
    wire.on('connect', () => void this.#joinAll());
    wire.on('connect_error', (error: Error & { data?: { code?: string; message?: string } }) => this.#lost(error.data));
    wire.on('disconnect', () => this.#lost());
    wire.on('show.events', (events: Envelope[]) => this.#receive(events));
    wire.on('notice', (notice: Notice) => this.#noticed(notice));
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

  /** Leaves and comes back as whoever the cookie names now. */
  renew(): void {
    this.wire.disconnect();
    this.#backoff.reset();
    this.retryNow();
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

  async #joinAll(): Promise<void> {
    for (const track of this.#tracks) track.hold();
    for (const track of this.#tracks) if (!(await this.#join(track))) return;
    this.#backoff.reset();
    this.#lastCode = null;
    this.#tell({ state: 'live' });
    await this.clock.measure(() => this.ask('clock.ping', {})).catch(() => undefined);
  }

  async #join(track: Track): Promise<boolean> {
    track.hold();
    const askedAt = performance.now();
    try {
      const joined = await this.ask<Joined>('show.join', { show_id: this.showId, scope: track.scope, ...track.since() });
      this.clock.sample(joined.now_ms, askedAt, performance.now());
      this.#enter(track, joined);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'offline') this.#lastCode = { code: codeOf(error), message: textOf(error) };
      this.wire.disconnect();
      return false;
    }
  }

  #enter(track: Track, joined: Joined): void {
    const buffered = track.enter(joined);
    if (joined.snapshot && track.scope === 'public') this.listeners.onSnapshot(joined.snapshot);
    this.#deliver(track, joined.snapshot ? [] : (joined.events ?? []));
    track.reach(joined.seq);
    this.#deliver(track, buffered);
  }

  #receive(events: Envelope[]): void {
    for (const track of this.#tracks) {
      const mine = events.filter(({ scope, show_id }) => show_id === this.showId && scope === track.scope);
      if (!mine.length) continue;
      if (!track.isHolding) this.#deliver(track, mine);
      else if (track.keep(mine) > MAX_BUFFERED) this.wire.disconnect();
    }
  }

  /** Hands on what comes next in order; joins again at a gap or another epoch. */
  #deliver(track: Track, events: Envelope[]): void {
    if (!events.length) return;
    const { next, isBroken } = track.take(events);
    if (next.length) this.listeners.onEvents(next);
    if (isBroken) void this.#join(track);
  }

  #noticed(notice: Notice): void {
    const { code } = notice.data;
    if (notice.type === 'connection.closing' && typeof code === 'string') this.#lastCode = { code, message: '' };
    this.listeners.onNotice?.(notice);
  }

  #lost(refused?: { code?: string; message?: string }): void {
    if (refused?.code) this.#lastCode = { code: refused.code, message: refused.message ?? '' };
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    for (const track of this.#tracks) track.hold();
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
