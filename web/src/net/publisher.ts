/**
 * Keeps a broadcast up.
 *
 * One WHIP session at a time, one timer at a time. A lost connection is published again by itself, sooner at first and
 * then every eight seconds, for as long as the host wants to be live; it never fights another device that took over.
 */
import { WhipRefused, WhipSession, type Send } from './whip';

export type PublisherPhase = 'idle' | 'connecting' | 'sending' | 'retrying' | 'taken_over' | 'refused';

export interface PublisherState {
  phase: PublisherPhase;
  /** When the next attempt starts (epoch ms), while retrying. */
  retryAtMs: number | null;
  /** The server's own sentence, while refused. */
  problem: string | null;
}

export interface PublisherOptions {
  url: string;
  send: Send;
  /** Whether somebody else is sending this show right now; asked before every republish. */
  isTaken: () => Promise<boolean>;
  openSession?: typeof WhipSession.open;
  random?: () => number;
}

const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
/** "Disconnected" often heals by itself. */
const DISCONNECTED_MS = 2000;
const CONNECTING_MS = 10_000;
const IDLE: PublisherState = { phase: 'idle', retryAtMs: null, problem: null };

export class Publisher extends EventTarget {
  #state = IDLE;
  #session: WhipSession | null = null;
  #stream: MediaStream | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  /** Rises with every start and stop, so that an answer to an older attempt is dropped. */
  #turn = 0;

  constructor(private readonly options: PublisherOptions) {
    super();
  }

  get state(): PublisherState {
    return this.#state;
  }

  get peer(): RTCPeerConnection | null {
    return this.#session?.peer ?? null;
  }

  /** Start sending; the server lets it replace what the same person sends from elsewhere. */
  async start(stream: MediaStream): Promise<void> {
    await this.stop();
    this.#stream = stream;
    this.#attempt = 0;
    addEventListener('online', this.#retryNow);
    await this.#publish();
  }

  async stop(): Promise<void> {
    this.#turn += 1;
    this.#stream = null;
    removeEventListener('online', this.#retryNow);
    await this.#drop();
    this.#become(IDLE);
  }

  /** Give camera or microphone another track; a republish uses it too. */
  async replaceTrack(stream: MediaStream, track: MediaStreamTrack): Promise<void> {
    if (this.#stream) this.#stream = stream;
    await this.#session?.replaceTrack(track);
  }

  /** The server has gone quiet: do not wait until the browser notices. */
  lost(): void {
    if (this.#state.phase === 'sending') this.#retry();
  }

  readonly #retryNow = (): void => {
    if (this.#state.phase === 'retrying') void this.#republish();
  };

  async #publish(): Promise<void> {
    const turn = (this.#turn += 1);
    const stream = this.#stream;
    if (!stream) return;
    this.#become({ phase: 'connecting', retryAtMs: null, problem: null });
    try {
      const open = this.options.openSession ?? WhipSession.open.bind(WhipSession);
      const session = await open({ url: this.options.url, stream, send: this.options.send });
      if (turn === this.#turn) this.#take(session, turn);
      else await session.close();
    } catch (error) {
      if (turn === this.#turn) this.#failed(error);
    }
  }

  async #republish(): Promise<void> {
    const turn = (this.#turn += 1);
    await this.#drop();
    const isTaken = await this.options.isTaken().catch(() => false);
    if (turn !== this.#turn) return;
    if (isTaken) this.#become({ phase: 'taken_over', retryAtMs: null, problem: null });
    else await this.#publish();
  }

  #take(session: WhipSession, turn: number): void {
    const { peer } = session;
    this.#session = session;
    this.#retryAfter(CONNECTING_MS);
    const follow = (): void => {
      if (turn !== this.#turn) return;
      if (peer.connectionState === 'connected') this.#connected();
      else if (peer.connectionState === 'failed' || peer.connectionState === 'closed') this.#retry();
      else if (peer.connectionState === 'disconnected') this.#retryAfter(DISCONNECTED_MS);
    };
    peer.addEventListener('connectionstatechange', follow);
    follow();
  }

  /** Give the connection this long to come (back) by itself. */
  #retryAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#retry(), ms);
  }

  #connected(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#become({ phase: 'sending', retryAtMs: null, problem: null });
  }

  #failed(error: unknown): void {
    const refusal = error instanceof WhipRefused ? error : null;
    const isFinal = refusal !== null && refusal.status < 500 && refusal.status !== 429;
    if (isFinal) this.#become({ phase: 'refused', retryAtMs: null, problem: refusal.message });
    else this.#retry((refusal?.retryAfterS ?? 0) * 1000);
  }

  #retry(atLeastMs = 0): void {
    const step = BACKOFF_MS[Math.min(this.#attempt, BACKOFF_MS.length - 1)] ?? 8000;
    this.#attempt += 1;
    const wait = Math.max(atLeastMs, step * (0.8 + 0.4 * (this.options.random ?? Math.random)()));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#republish(), wait);
    this.#become({ phase: 'retrying', retryAtMs: Date.now() + wait, problem: null });
  }

  async #drop(): Promise<void> {
    clearTimeout(this.#timer);
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }

  #become(state: PublisherState): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}
