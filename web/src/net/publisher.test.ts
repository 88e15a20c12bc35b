import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Publisher } from './publisher';
import { WhipRefused, type WhipSession } from './whip';

class FakePeer extends EventTarget {
  connectionState = 'new';
  become(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

const stream = {} as MediaStream;
let peers: FakePeer[] = [];
let closed = 0;

function publisher(options: { isTaken?: boolean; refuse?: WhipRefused } = {}): Publisher {
  const openSession = (): Promise<WhipSession> => {
    if (options.refuse) return Promise.reject(options.refuse);
    const peer = new FakePeer();
    peers.push(peer);
    return Promise.resolve({ peer, close: () => Promise.resolve(void (closed += 1)) } as unknown as WhipSession);
  };
  return new Publisher({ url: '/whip', send: () => Promise.reject(new Error('unused')), isTaken: () => Promise.resolve(options.isTaken ?? false), openSession, random: () => 0.5 });
}

beforeEach(() => {
  vi.useFakeTimers();
  peers = [];
  closed = 0;
});
afterEach(() => vi.useRealTimers());

test('a connection that is lost is published again by itself', async () => {
  const broadcast = publisher();
  await broadcast.start(stream);
  peers[0]!.become('connected');
  expect(broadcast.state.phase).toBe('sending');

  peers[0]!.become('failed');
  expect(broadcast.state.phase).toBe('retrying');
  await vi.advanceTimersByTimeAsync(500);
  peers[1]!.become('connected');

  expect(broadcast.state.phase).toBe('sending');
  expect(closed).toBe(1);
});

test('a short disconnect heals without a new session', async () => {
  const broadcast = publisher();
  await broadcast.start(stream);
  peers[0]!.become('connected');

  peers[0]!.become('disconnected');
  await vi.advanceTimersByTimeAsync(1500);
  peers[0]!.become('connected');
  await vi.advanceTimersByTimeAsync(10_000);

  expect(peers).toHaveLength(1);
  expect(broadcast.state.phase).toBe('sending');
});

test('the host is not fought over: who was taken over stops', async () => {
  const broadcast = publisher({ isTaken: true });
  await broadcast.start(stream);
  peers[0]!.become('connected');

  peers[0]!.become('failed');
  await vi.advanceTimersByTimeAsync(10_000);

  expect(broadcast.state.phase).toBe('taken_over');
  expect(peers).toHaveLength(1);
});

test('waits grow from half a second to eight', async () => {
  const broadcast = publisher({ refuse: new WhipRefused(503, 'busy', 'busy', null) });
  await broadcast.start(stream);
  const waits: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    const wait = broadcast.state.retryAtMs! - Date.now();
    waits.push(wait);
    await vi.advanceTimersByTimeAsync(wait);
  }

  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
});

test('a refusal that waiting cannot change is told, not repeated', async () => {
  const broadcast = publisher({ refuse: new WhipRefused(403, 'forbidden', 'You may not broadcast this show.', null) });

  await broadcast.start(stream);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(broadcast.state).toEqual({ phase: 'refused', retryAtMs: null, problem: 'You may not broadcast this show.' });
});

test('stopping while a retry waits ends it', async () => {
  const broadcast = publisher();
  await broadcast.start(stream);
  peers[0]!.become('failed');

  await broadcast.stop();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(broadcast.state.phase).toBe('idle');
  expect(peers).toHaveLength(1);
});

test('a server that went quiet is left before the browser notices', async () => {
  const broadcast = publisher();
  await broadcast.start(stream);
  peers[0]!.become('connected');

  broadcast.lost();
  await vi.advanceTimersByTimeAsync(500);
  peers[1]!.become('connected');

  expect(broadcast.state.phase).toBe('sending');
});
