import { beforeEach, describe, expect, it, vi } from 'vitest';
import { event, message, snapshot } from '../testing/shop';
import type { Envelope, Snapshot } from '../state/events';
import { ServerClock } from './clock';
import { LiveShow, type Link } from './live_show';
import type { Wire } from './socket';

type Answer = (data: Record<string, unknown>) => unknown;

/** A transport that answers when the test says so. */
class FakeWire implements Wire {
  connected = false;
  connects = 0;
  asked: { event: string; data: Record<string, unknown>; answer: (ack: unknown) => void }[] = [];
  automatic: Record<string, Answer> = { 'clock.ping': () => ({ ok: true, now_ms: 1000 }) };
  #listeners = new Map<string, (arg: unknown) => void>();

  on(name: string, listener: (...args: never[]) => void): void {
    this.#listeners.set(name, listener as (arg: unknown) => void);
  }

  connect(): void {
    this.connects += 1;
    this.connected = true;
    this.tell('connect');
  }

  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.tell('disconnect');
  }

  ask(name: string, data: unknown): Promise<unknown> {
    const fields = data as Record<string, unknown>;
    const reply = this.automatic[name];
    if (reply) return Promise.resolve(reply(fields));
    return new Promise((answer) => this.asked.push({ event: name, data: fields, answer }));
  }

  tell(name: string, arg?: unknown): void {
    this.#listeners.get(name)?.(arg);
  }

  get joins() {
    return this.asked.filter((one) => one.event === 'show.join');
  }
}

const line = (seq: number, over: Partial<Envelope> = {}): Envelope => event('chat.posted', { message: message(`m${seq}`) }, { seq, ...over });
const joined = (over: object = {}) => ({ ok: true, epoch: 1, seq: 0, now_ms: 1000, recovered: false, snapshot: snapshot(), ...over });

let wire: FakeWire;
let seen: Envelope[];
let snapshots: Snapshot[];
let links: Link[];
const settle = () => new Promise((done) => setTimeout(done));

function open(scope: 'public' | 'staff' = 'public'): LiveShow {
  const live = new LiveShow(wire, 'show', {
    onSnapshot: (one) => snapshots.push(one),
    onEvents: (events) => seen.push(...events),
    onLink: (link) => links.push(link),
  }, new ServerClock(), scope);
  live.open();
  return live;
}

const seqs = () => seen.map(({ seq }) => seq);

beforeEach(() => {
  [wire, seen, snapshots, links] = [new FakeWire(), [], [], []];
  vi.useRealTimers();
});

describe('joining', () => {
  it('keeps events that overtake the ack and hands them on in order after it', async () => {
    open();
    wire.tell('show.events', [line(4), line(5)]);
    wire.tell('show.events', [line(6)]);

    wire.joins[0]?.answer(joined({ seq: 4 }));
    await settle();

    expect(snapshots).toHaveLength(1);
    expect(seqs()).toEqual([5, 6]);
    expect(links.at(-1)).toEqual({ state: 'live' });
  });

  it('hands on recovered events once, then what was buffered', async () => {
    open();
    wire.joins[0]?.answer(joined({ seq: 1 }));
    await settle();
    wire.disconnect();
    wire.connect();
    wire.tell('show.events', [line(3), line(4)]);

    wire.joins[1]?.answer({ ...joined({ seq: 3, recovered: true, events: [line(2), line(3)] }), snapshot: undefined });
    await settle();

    expect(wire.joins[1]?.data['since']).toEqual({ epoch: 1, seq: 1 });
    expect(seqs()).toEqual([2, 3, 4]);
  });
});

describe('order', () => {
  it('is kept: what was seen already is dropped', async () => {
    open();
    wire.joins[0]?.answer(joined({ seq: 2 }));
    await settle();

    wire.tell('show.events', [line(2), line(3), line(3)]);

    expect(seqs()).toEqual([3]);
  });

  it('broken by a gap makes the page join again from where it is', async () => {
    open();
    wire.joins[0]?.answer(joined({ seq: 2 }));
    await settle();

    wire.tell('show.events', [line(3), line(5)]);
    wire.tell('show.events', [line(6)]);
    wire.joins[1]?.answer({ ...joined({ seq: 5, recovered: true, events: [line(4), line(5)] }), snapshot: undefined });
    await settle();

    expect(wire.joins[1]?.data['since']).toEqual({ epoch: 1, seq: 3 });
    expect(seqs()).toEqual([3, 4, 5, 6]);
  });

  it('of another epoch is another history: join without since', async () => {
    open();
    wire.joins[0]?.answer(joined({ seq: 2 }));
    await settle();

    wire.tell('show.events', [line(3, { epoch: 2 })]);

    expect(wire.joins[1]?.data).not.toHaveProperty('since');
    expect(seqs()).toEqual([]);
  });

  it('does not matter to counters: they pass without a seq', async () => {
    open();
    wire.joins[0]?.answer(joined({ seq: 2 }));
    await settle();

    wire.tell('show.events', [event('audience.counted', { viewers: 9, version: 4 })]);

    expect(seen).toHaveLength(1);
  });

  it('of other shows is none of ours', async () => {
    open();
    wire.joins[0]?.answer(joined({ seq: 2 }));
    await settle();

    wire.tell('show.events', [line(9, { show_id: 'another' })]);

    expect(wire.joins).toHaveLength(1);
    expect(seen).toEqual([]);
  });

  it('of staff and public events is counted apart', async () => {
    open('staff');
    wire.joins[0]?.answer(joined({ seq: 7 }));
    await settle();
    wire.joins[1]?.answer(joined({ seq: 2 }));
    await settle();

    wire.tell('show.events', [line(8), event('chat.held', { message: message('h') }, { seq: 3, scope: 'staff' })]);

    expect(wire.joins.map(({ data }) => data['scope'])).toEqual(['public', 'staff']);
    expect(seqs()).toEqual([8, 3]);
    expect(snapshots).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  it('is tried again after a delay that the page can show', async () => {
    vi.useFakeTimers();
    open();
    wire.joins[0]?.answer(joined());
    await vi.advanceTimersByTimeAsync(0);

    wire.disconnect();
    const told = links.at(-1);
    await vi.advanceTimersByTimeAsync(600);

    expect(told?.state).toBe('reconnecting');
    expect(wire.connects).toBe(2);
  });

  it('is over for good when the server said banned', async () => {
    vi.useFakeTimers();
    open();
    wire.joins[0]?.answer(joined());
    await vi.advanceTimersByTimeAsync(0);

    wire.tell('notice', { type: 'connection.closing', data: { code: 'banned', is_terminal: true } });
    wire.disconnect();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(links.at(-1)).toMatchObject({ state: 'ended', code: 'banned' });
    expect(wire.connects).toBe(1);
  });

  it('is tried again when the server was only draining', async () => {
    vi.useFakeTimers();
    open();
    wire.joins[0]?.answer(joined());
    await vi.advanceTimersByTimeAsync(0);

    wire.tell('notice', { type: 'connection.closing', data: { code: 'draining', is_terminal: false } });
    wire.disconnect();
    await vi.advanceTimersByTimeAsync(1_000);

    expect(wire.connects).toBe(2);
  });

  it('refuses to ask instead of waiting', async () => {
    const live = open();
    wire.connected = false;

    await expect(live.ask('chat.post', {})).rejects.toMatchObject({ code: 'offline' });
  });
});

describe('a refusal', () => {
  it('becomes an error with its code and wait', async () => {
    const live = open();
    wire.automatic['chat.post'] = () => ({ ok: false, code: 'slow_mode', message: 'Wait.', retry_after_ms: 4000 });

    await expect(live.ask('chat.post', {})).rejects.toMatchObject({ code: 'slow_mode', retryAfter: 4 });
  });
});
