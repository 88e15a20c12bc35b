import { expect, test } from 'vitest';
import type { Line, MessageLine } from '../state/desk';
import { allWithin, asked, mounted, textOf, within } from '../testing/mounted';
import { message, viewer } from '../testing/samples';
import './lc-feed';
import type { LineAct } from './lc-line';

const line = (id: string, change: Parameters<typeof message>[1] = {}): MessageLine => ({ kind: 'message', id, at: '2026-01-01T20:00:00Z', message: message(id, change) });
const note: Line = { kind: 'note', id: 'n1', at: '2026-01-01T20:00:00Z', icon: 'bag', who: 'Anna', text: 'bought Kyst mug' };
const hide: LineAct = { act: 'hide', key: 'H', label: 'Hide', icon: 'hide' };

test('messages and what happened stand in one list', async () => {
  const feed = await mounted('lc-feed', { lines: [line('1'), note] });

  const rows = allWithin(feed, 'lc-line');

  expect(rows).toHaveLength(2);
  expect(textOf(rows[1]!)).toContain('Anna bought Kyst mug');
});

test('a selected message offers its actions and asks for the one that is pressed', async () => {
  const feed = await mounted('lc-feed', { lines: [line('1'), line('2')], selected: '2', acts: () => [hide] });
  const acts = asked<{ act: string; id: string }>(feed, 'act');

  const [first, second] = allWithin(feed, 'lc-line');
  within(second!, '.acts lc-button').click();

  expect(acts).toEqual([{ act: 'hide', id: '2' }]);
  expect(allWithin(first!, '.acts')).toHaveLength(0);
});

test('what people wrote is text, never markup', async () => {
  const feed = await mounted('lc-feed', { lines: [line('1', { text: '<img src=x onerror=alert(1)>' })] });

  const [row] = allWithin(feed, 'lc-line');

  expect(row!.shadowRoot!.querySelector('img')).toBeNull();
  expect(textOf(row!)).toContain('<img src=x');
});

test('hidden, held and muted are told by words', async () => {
  const lines = [line('1', { state: 'hidden' }), line('2', { state: 'held', author: viewer({ id: 'u2' }) })];
  const feed = await mounted('lc-feed', { lines, sanctioned: { u2: { kind: 'mute', until: null } } });

  const [hidden, held] = allWithin(feed, 'lc-line');

  expect(textOf(hidden!)).toContain('Hidden');
  expect(textOf(held!)).toContain('Muted');
  expect(textOf(held!)).toContain('Held');
});

test('an empty chat says so', async () => {
  expect(textOf(await mounted('lc-feed'))).toContain('Nobody has written yet.');
});
