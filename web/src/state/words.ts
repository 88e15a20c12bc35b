/** Small texts made of numbers and times, by the reader's locale and zone. */

export const count = (n: number): string => new Intl.NumberFormat().format(n);

/** "8.4k". */
export const short = (n: number): string =>
  n < 1000 ? String(n) : new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(n).toLowerCase();

export const clockTime = (iso: string | number): string =>
  new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(new Date(iso));

/** The time of day in a staff log: 24 hours, so that every row is as wide as the next. */
export const logTime = (iso: string, second?: '2-digit'): string =>
  new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second, hourCycle: 'h23' }).format(new Date(iso));

export const dayTime = (iso: string): string =>
  new Intl.DateTimeFormat(undefined, { weekday: 'long', hour: 'numeric', minute: '2-digit' }).format(new Date(iso));

export const day = (iso: string): string =>
  new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' }).format(new Date(iso));

/** "0:42", "12:40", "1:02:03"; never negative, and 0:01 until the very end. */
export function remaining(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const [h, m, rest] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, String(s % 60).padStart(2, '0')];
  return h ? `${h}:${String(m).padStart(2, '0')}:${rest}` : `${m}:${rest}`;
}

export const plural = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`;

/** The hue of a name: the same for everybody, spread over the circle. */
export function hue(text: string): number {
  let hash = 7;
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (hash % 36) * 10;
}

export const initials = (name: string): string =>
  name.split(/[\s._-]+/u).map((part) => String.fromCodePoint(part.codePointAt(0) ?? 32).toLocaleUpperCase().trim()).join('').slice(0, 2);
