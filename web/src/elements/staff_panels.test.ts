import { expect, test, vi } from 'vitest';
import type { Sanction } from '../net/desk_requests';
import { allWithin, asked, mounted, textOf, within } from '../testing/mounted';
import { euro, message, product, viewer } from '../testing/samples';
import './lc-audit';
import './lc-camera';
import './lc-dialog';
import './lc-health';
import './lc-held';
import './lc-level';
import './lc-modes';
import './lc-numbers';
import './lc-product-picker';
import './lc-prompter';
import './lc-remote';
import './lc-viewer-card';
import type { LcSegmented } from './lc-segmented';

const numbers = { viewers: 1284, peak_viewers: 1412, messages: 9, reactions: 3, holds_open: 7, orders: 74, units: 96, revenue: euro('4318.00') };

test('revenue is shown to those it was granted to', async () => {
  const granted = await mounted('lc-numbers', { numbers });
  expect(textOf(granted)).toContain('Revenue');

  const others = await mounted('lc-numbers', { numbers: { ...numbers, revenue: null } });

  expect(textOf(others)).not.toContain('Revenue');
});

test('numbers that nobody said are dashes', async () => {
  expect(textOf(await mounted('lc-numbers'))).toContain('Items sold–');
});

test('the oldest held message has the keys, each can be decided', async () => {
  const held = await mounted('lc-held', { messages: [message('1', { state: 'held' }), message('2', { state: 'held' })] });
  const [released, refused] = [asked<string>(held, 'release'), asked<string>(held, 'refuse')];
  const [show, hide] = allWithin(held, 'lc-button');

  show!.click();
  hide!.click();

  expect([released, refused]).toEqual([['1'], ['1']]);
  expect(allWithin(held, 'kbd')).toHaveLength(2);
});

test('modes are asked for one at a time', async () => {
  const modes = await mounted('lc-modes', { mode: { slow_s: 0, hold_all: false, closed: false } });
  const changes = asked<object>(modes, 'mode');

  within(within<LcSegmented>(modes, 'lc-segmented'), 'button:nth-of-type(2)').click();
  within(within(modes, 'lc-switch'), 'button').click();

  expect(changes).toEqual([{ slow_s: 8 }, { hold_all: true }]);
});

test('a viewer can be muted for a while, and what stands can be lifted', async () => {
  const sanction: Sanction = { id: 'x', show_id: 's1', viewer: { id: 'u1', display_name: 'Mikkel' }, kind: 'mute', reason: '', until: null, at: '2026-01-01T20:00:00Z', by: { id: 'm', display_name: 'Freja' } };
  const card = await mounted('lc-viewer-card', { person: viewer(), messages: [message('1')], sanctions: [sanction], canMute: true, canBan: true });
  const [given, lifted] = [asked<{ kind: string; seconds: number | null }>(card, 'sanction'), asked<string>(card, 'lift')];

  within(card, '.sanction lc-button').click();
  within(card, '.ban').click();
  within(card, 'lc-banner lc-button').click();

  expect(given.map(({ kind, seconds }) => [kind, seconds])).toEqual([['mute', 60], ['ban', null]]);
  expect(lifted).toEqual(['x']);
});

test('nobody of the team can be sanctioned from the card', async () => {
  const card = await mounted('lc-viewer-card', { person: viewer({ role: 'moderator', kind: 'staff' }), canMute: true, canBan: true });

  expect(allWithin(card, '.sanction')).toHaveLength(0);
});

test('the audit trail says who did what to whom', async () => {
  const rows = [{ id: '1', at: '2026-01-01T20:00:00Z', actor: { id: 'm', display_name: 'Freja', role: 'moderator' }, action: 'viewer.mute', subject: { kind: 'viewer', id: 'u1', text: 'dealhunter_max' }, detail: { seconds: 600 } }];

  expect(textOf(await mounted('lc-audit', { rows }))).toContain('Freja muted dealhunter_max for 10 min');
});

test('the light of the stream has its word', async () => {
  const light = await mounted('lc-health', { health: { level: 'weak', word: 'Weak', advice: 'Use a cable.' }, detail: '0.4 Mbit/s up' });

  expect(textOf(light)).toBe('Stream: Weak · 0.4 Mbit/s up');
});

test('the level is read out in decibels', async () => {
  const level = await mounted('lc-level', { db: -14.2 });

  expect(within(level, '[role="meter"]').getAttribute('aria-valuetext')).toBe('−14 dB');
});

test('a camera that does not open says why and can be tried again', async () => {
  const camera = await mounted('lc-camera', { trouble: { title: 'No camera or microphone found', advice: 'Plug one in.' } });
  const again = asked(camera, 'open-camera');

  within(camera, '.trouble lc-button').click();

  expect(textOf(camera)).toContain('Plug one in.');
  expect(again).toHaveLength(1);
});

test('the catalogue is searched by name and offers what is not in the show yet', async () => {
  vi.spyOn(HTMLDialogElement.prototype, 'showModal').mockImplementation(() => undefined);
  const picker = await mounted('lc-product-picker', { products: [product('p1'), product('p2')], chosen: ['p1'] });
  const chosen = asked<string>(picker, 'choose');

  within(picker, 'li lc-button').click();

  expect(chosen).toEqual(['p2']);
});

test('the prompter shows one question large and takes its answer', async () => {
  const prompter = await mounted('lc-prompter', { questions: [message('1', { text: 'Dishwasher?' }), message('2')] });
  const [answered, later] = [asked<string>(prompter, 'answered'), asked<string>(prompter, 'later')];
  const [first, second] = allWithin(prompter, 'lc-button');

  first!.click();
  second!.click();

  expect([answered, later]).toEqual([['1'], ['1']]);
});

test('the remote starts with what follows the product on screen', async () => {
  const remote = await mounted('lc-remote', { products: [product('p1'), product('p2'), product('p3')], pins: [{ product_id: 'p2', media_ts: null, pinned_at: '2026-01-01T20:00:00Z' }], canPin: true });
  const pinned = asked<string>(remote, 'pin');

  within(remote, 'li lc-button').click();

  expect(pinned).toEqual(['p3']);
});

test('a dialog gives the focus back to what opened it', async () => {
  vi.spyOn(HTMLDialogElement.prototype, 'showModal').mockImplementation(() => undefined);
  const opener = document.body.appendChild(document.createElement('button'));
  opener.focus();

  const dialog = document.body.appendChild(document.createElement('lc-dialog'));
  await dialog.updateComplete;
  opener.blur();
  dialog.remove();

  expect(document.activeElement).toBe(opener);
});
