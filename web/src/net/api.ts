export type Desk = 'viewer' | 'studio' | 'control' | 'owner';

/** What an RFC 9457 problem says; `code` is stable, `message` is for people. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 0,
    readonly retryAfter: number | null = null,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface Options {
  body?: unknown;
  key?: string;
  query?: Record<string, string | number>;
}

const TIMEOUT_MS = 15_000;

/** JSON over `/api/v1` with the cookie of one desk. */
export class Api {
  csrf: string | null = null;

  constructor(readonly desk: Desk = 'viewer', private readonly base = '/api/v1') {}

  get = <T>(path: string, query: Options['query'] = {}): Promise<T> => this.#ask('GET', path, { query });
  post = <T>(path: string, body?: unknown, key?: string): Promise<T> =>
    this.#ask('POST', path, { body, ...(key ? { key } : {}) });
  put = <T>(path: string, body?: unknown): Promise<T> => this.#ask('PUT', path, { body });
  patch = <T>(path: string, body: unknown): Promise<T> => this.#ask('PATCH', path, { body });
  delete = <T = void>(path: string): Promise<T> => this.#ask('DELETE', path, {});

  /** Headers that tell who asks; for WHIP and WHEP too, whose bodies are no JSON. */
  headers(method = 'GET'): Record<string, string> {
    const csrf: Record<string, string> = method !== 'GET' && this.csrf ? { 'X-CSRF-Token': this.csrf } : {};
    return { 'X-Desk': this.desk, ...csrf };
  }

  async #ask<T>(method: string, path: string, { body, key, query = {} }: Options): Promise<T> {
    const search = Object.keys(query).length ? `?${new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))}` : '';
    const headers = this.headers(method);
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (key) headers['Idempotency-Key'] = key;
    const request: RequestInit = { method, headers, credentials: 'same-origin', signal: AbortSignal.timeout(TIMEOUT_MS) };
    if (body !== undefined) request.body = JSON.stringify(body);
    const response = await fetch(this.base + path + search, request).catch((cause: unknown) => {
      throw new ApiError('offline', 'No answer. Check your connection.', 0, null, { cause });
    });
    if (!response.ok) throw await problem(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}

/** The error that a response with a problem body stands for. */
export async function problem(response: Response): Promise<ApiError> {
  const said = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = [said['detail'], said['title']].find((value) => typeof value === 'string' && value) as string | undefined;
  const header = Number(response.headers.get('Retry-After'));
  const retryAfter = typeof said['retry_after_s'] === 'number' ? said['retry_after_s'] : header || null;
  const code = typeof said['code'] === 'string' ? said['code'] : `http_${response.status}`;
  return new ApiError(code, text ?? 'That did not work.', response.status, retryAfter, said);
}

/** The code of any error, for choosing words. */
export const codeOf = (error: unknown): string => (error instanceof ApiError ? error.code : 'failed');
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : 'That did not work.');
