import { afterEach, describe, expect, it, vi } from 'vitest';
import { Api } from './api';
import { Session } from './session';

const answers = (...responses: (Response | Error)[]) => {
  const calls: { url: string; init: RequestInit }[] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    calls.push({ url, init });
    const next = responses.shift() ?? new Error('no more answers');
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
  return calls;
};
const json = (body: unknown, status = 200, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });
const viewer = { id: 'v', display_name: 'Jonas', role: 'viewer', kind: 'guest' };

afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, '', '/');
});

describe('a request', () => {
  it('names its desk, and sends the CSRF token only with unsafe methods', async () => {
    const calls = answers(json({}), json({}));
    const api = new Api('studio');
    api.csrf = 'c5rf';

    await api.get('/me');
    await api.post('/shows', { title: 'x' }, 'key-1');

    expect(calls[0]?.init.headers).toEqual({ 'X-Desk': 'studio' });
    expect(calls[1]?.init.headers).toEqual({ 'X-Desk': 'studio', 'X-CSRF-Token': 'c5rf', 'Content-Type': 'application/json', 'Idempotency-Key': 'key-1' });
  });

  it('that is refused carries code, words and wait of the problem', async () => {
    answers(json({ title: 'Busy', code: 'busy', detail: 'Too many.', retry_after_s: 2 }, 503));

    await expect(new Api().post('/holds', {})).rejects.toMatchObject({ code: 'busy', message: 'Too many.', status: 503, retryAfter: 2 });
  });

  it('that is refused without a problem body still has a code', async () => {
    answers(new Response('<html>', { status: 502, headers: { 'Retry-After': '7' } }));

    await expect(new Api().get('/me')).rejects.toMatchObject({ code: 'http_502', retryAfter: 7 });
  });

  it('that nobody answers is offline', async () => {
    answers(new TypeError('failed'));

    await expect(new Api().get('/me')).rejects.toMatchObject({ code: 'offline' });
  });

  it('gives nothing for 204', async () => {
    answers(new Response(null, { status: 204 }));

    await expect(new Api().delete('/session')).resolves.toBeUndefined();
  });
});

describe('a session', () => {
  it('trades the one-time code of the fragment and removes it from the address', async () => {
    history.replaceState(null, '', '/studio#once=abc&theme=dark');
    const calls = answers(json({ token: 't', viewer, expires_at: '', csrf_token: 'c' }));
    const api = new Api('studio');

    const person = await new Session(api).open();

    expect(JSON.parse(calls[0]?.init.body as string)).toEqual({ code: 'abc' });
    expect(location.hash).toBe('#theme=dark');
    expect(person?.display_name).toBe('Jonas');
    expect(api.csrf).toBe('c');
  });

  it('is that of the cookie when there is one', async () => {
    answers(json({ viewer, csrf_token: 'c' }));

    expect(await new Session(new Api()).open()).toEqual(viewer);
  });

  it('of a stranger becomes that of a guest', async () => {
    const calls = answers(json({ code: 'unauthenticated' }, 401), json({ token: 't', viewer, expires_at: '', csrf_token: 'c' }, 201));

    await new Session(new Api()).openOrGuest('Guest 4711');

    expect(calls[1]?.url).toBe('/api/v1/guests');
    expect(JSON.parse(calls[1]?.init.body as string)).toEqual({ display_name: 'Guest 4711' });
  });

  it('does not become a guest when the server is in trouble', async () => {
    answers(json({ code: 'busy' }, 503));

    await expect(new Session(new Api()).openOrGuest('Guest')).rejects.toMatchObject({ code: 'busy' });
  });
});
