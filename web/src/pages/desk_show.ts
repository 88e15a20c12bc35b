/**
 * What a staff page knows of one show: public events and those for staff, each over its own socket, and numbers that are
 * asked for every few seconds while the page is visible.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Api } from '../net/api';
import { serverClock } from '../net/clock';
import { LiveShow, type Link } from '../net/live_show';
import { openWire } from '../net/socket';
import { EMPTY_DESK, joined, marked, told, type Desk } from '../state/desk';
import type { Envelope, Snapshot } from '../state/events';
import type { StreamReport } from '../state/health';
import { NO_TREND, withReading, type Numbers, type Trend } from '../state/numbers';
import { fromSnapshot, reduce, type ShowState } from '../state/reducer';
import type { List, Message } from '../state/types';

const POLL_MS = 4_000;

export class DeskShow implements ReactiveController {
  show: ShowState | null = null;
  desk: Desk = EMPTY_DESK;
  link: Link = { state: 'connecting' };
  numbers: Numbers | null = null;
  trend: Trend = NO_TREND;
  stream: StreamReport | null = null;
  /** Since when nothing current arrived; numbers are greyed then. */
  staleSince: number | null = null;
  /** Hears every event after it was applied. */
  onEvent: ((event: Envelope) => void) | undefined;
  #public: LiveShow | null = null;
  #staff: LiveShow | null = null;
  #poll: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly host: ReactiveControllerHost, private readonly api: Api, readonly showId: string) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#public = this.#seat('public', (snapshot) => this.#enter(snapshot), (link) => this.#linked(link));
    this.#staff = this.#seat('staff', () => void this.#fetchHeld());
    this.#poll = setInterval(() => document.visibilityState === 'visible' && void this.refresh(), POLL_MS);
    void this.refresh();
  }

  hostDisconnected(): void {
    clearInterval(this.#poll);
    this.#public?.close();
    this.#staff?.close();
  }

  may(permission: string): boolean {
    const you = this.show?.you;
    return you !== undefined && (you.role === 'owner' || you.permissions.includes(permission));
  }

  ask<T extends object>(event: string, data: unknown): Promise<T> {
    return this.#public?.ask<T>(event, data) ?? Promise.reject(new Error('The page is not connected yet.'));
  }

  retryNow(): void {
    this.#public?.retryNow();
    this.#staff?.retryNow();
  }

  /** A message whose standing our own request changed. */
  mark(id: string, state: Message['state']): void {
    this.desk = marked(this.desk, id, state);
    this.host.requestUpdate();
  }

  /** Ask for numbers and the state of the stream now. */
  async refresh(): Promise<void> {
    const [numbers, stream] = await Promise.all([
      this.api.get<Numbers>(`/shows/${this.showId}/numbers`).catch(() => null),
      this.api.get<StreamReport>(`/shows/${this.showId}/stream`).catch(() => null),
    ]);
    this.stream = stream;
    if (numbers) {
      this.numbers = numbers;
      this.trend = withReading(this.trend, numbers);
    }
    this.host.requestUpdate();
  }

  #seat(scope: 'public' | 'staff', onSnapshot: (snapshot: Snapshot) => void, onLink?: (link: Link) => void): LiveShow {
    const listeners = { onSnapshot, onEvents: (events: Envelope[]) => this.#apply(events), ...(onLink ? { onLink } : {}) };
    const seat = new LiveShow(openWire(this.api.desk), this.showId, listeners, serverClock, scope);
    seat.open();
    return seat;
  }

  #enter(snapshot: Snapshot): void {
    this.show = fromSnapshot(snapshot);
    this.desk = joined(this.desk, snapshot.messages, this.desk.held);
    this.host.requestUpdate();
  }

  #apply(events: Envelope[]): void {
    for (const event of events) {
      if (!this.show) continue;
      this.show = reduce(this.show, event);
      this.desk = told(this.desk, this.show, event);
      this.onEvent?.(event);
    }
    this.host.requestUpdate();
  }

  #linked(link: Link): void {
    this.link = link;
    this.staleSince = link.state === 'live' ? null : (this.staleSince ?? Date.now());
    this.host.requestUpdate();
  }

  async #fetchHeld(): Promise<void> {
    const held = await this.api.get<List<Message>>(`/shows/${this.showId}/held-messages`).catch(() => null);
    if (!held) return;
    this.desk = joined(this.desk, [], held.items);
    this.host.requestUpdate();
  }
}
