import { expect, test } from 'vitest';
import { EMPTY_DESK, isQuestion, joined, told } from './desk';
import type { Envelope, EventData, EventType } from './events';
import type { ShowState } from './reducer';
import type { Message } from './types';

const show = { lineup: [{ id: 'p1', title: 'Kyst mug' }], you: { id: 'me', display_name: 'Freja' } } as unknown as ShowState;
const message = (id: string, change: Partial<Message> = {}): Message => ({
  id, show_id: 's', author: { id: 'v1', display_name: 'Mikkel', role: 'viewer', kind: 'guest' }, text: 'flot', reply_to: null, at: `2026-01-01T20:00:0${id}Z`, state: 'shown', ...change,
});
let n = 0;
const event = <T extends EventType>(type: T, data: EventData[T]): Envelope =>
  ({ id: `e${(n += 1)}`, type, version: 1, timestamp: '2026-01-01T20:01:00Z', show_id: 's', scope: 'staff', data }) as unknown as Envelope;

test('a hidden line stays on the desk, marked as hidden', () => {
  const desk = told(told(EMPTY_DESK, show, event('chat.posted', { message: message('1') })), show, event('chat.hidden', { message_id: '1' }));

  expect(desk.lines.map((line) => line.kind === 'message' && line.message.state)).toEqual(['hidden']);
});

test('a held line waits until somebody decides, and is shown in whichever order the two events arrive', () => {
  const held = told(EMPTY_DESK, show, event('chat.held', { message: message('1', { state: 'held' }) }));
  expect(held.held).toHaveLength(1);
  const posted = event('chat.posted', { message: message('1') });
  const released = event('chat.released', { message_id: '1' });

  for (const [first, second] of [[posted, released], [released, posted]] as const) {
    const desk = told(told(held, show, first), show, second);

    expect(desk.held).toHaveLength(0);
    expect(desk.lines[0]).toMatchObject({ message: { state: 'shown' } });
  }
});

test('a held line that was refused is hidden', () => {
  const held = told(EMPTY_DESK, show, event('chat.held', { message: message('1', { state: 'held' }) }));

  const desk = told(held, show, event('chat.released', { message_id: '1' }));

  expect(desk.held).toHaveLength(0);
  expect(desk.lines[0]).toMatchObject({ message: { state: 'hidden' } });
});

test('applying an event twice changes nothing', () => {
  const pinned = event('product.pinned', { product_id: 'p1', pins: [] });
  const once = told(EMPTY_DESK, show, pinned);

  expect(told(once, show, pinned)).toEqual(once);
  expect(once.lines[0]).toMatchObject({ kind: 'note', text: 'Kyst mug is on screen' });
});

test('lines of a new join are put in their place by time', () => {
  const desk = joined(joined(EMPTY_DESK, [message('1'), message('4')], []), [message('4'), message('2')], [message('3', { state: 'held' })]);

  expect(desk.lines.map((line) => line.id)).toEqual(['1', '2', '3', '4']);
});

test('a lifted sanction is told as such', () => {
  const desk = told(joined(EMPTY_DESK, [message('1')], []), show, event('viewer.muted', { viewer_id: 'v1', until: '2026-01-01T20:00:00Z' }));

  expect(desk.lines.at(-1)).toMatchObject({ who: 'Mikkel', text: 'may write again' });
});

test('questions are told by their mark in any script, and only of viewers', () => {
  expect(isQuestion(message('1', { text: 'Доставка в Вену есть?' }))).toBe(true);
  expect(isQuestion(message('1', { text: 'هل يوجد أزرق؟' }))).toBe(true);
  expect(isQuestion(message('1', { text: 'nice' }))).toBe(false);
  expect(isQuestion(message('1', { text: 'any questions?', author: { id: 'h', display_name: 'Maja', role: 'host', kind: 'staff' } }))).toBe(false);
});
