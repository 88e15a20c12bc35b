import type { Show } from './types';

const HOUR_MS = 3_600_000;

const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
const escaped = (text: string): string => text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');

/** A calendar entry of a show (RFC 5545), one hour long since nobody knows better. */
export function calendarOf(show: Show, url: string): string {
  const start = Date.parse(show.starts_at ?? '');
  return [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//livecommerce//show//EN', 'BEGIN:VEVENT',
    `UID:${show.id}@livecommerce`, `DTSTAMP:${stamp(start)}`, `DTSTART:${stamp(start)}`, `DTEND:${stamp(start + HOUR_MS)}`,
    `SUMMARY:${escaped(`${show.title} · ${show.shop_name}`)}`, `URL:${url}`, 'END:VEVENT', 'END:VCALENDAR', '',
  ].join('\r\n');
}

/** Hands the entry to the device's calendar. */
export function calendarFile(show: Show): void {
  const link = document.createElement('a');
  const url = `${location.origin}/shows/${encodeURIComponent(show.id)}`;
  link.href = URL.createObjectURL(new Blob([calendarOf(show, url)], { type: 'text/calendar' }));
  link.download = `${show.title.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60) || 'show'}.ics`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
