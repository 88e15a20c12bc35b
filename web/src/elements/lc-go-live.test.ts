import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { asked, mounted, textOf, within } from '../testing/mounted';
import './lc-go-live';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('five seconds are counted down, then the show is asked for once', async () => {
  const panel = await mounted('lc-go-live');
  const started = asked(panel, 'go-live');

  within(panel, 'lc-button').click();
  await vi.advanceTimersByTimeAsync(4900);
  expect(started).toHaveLength(0);
  expect(textOf(panel)).toContain('Stop');
  await vi.advanceTimersByTimeAsync(60_000);

  expect(started).toHaveLength(1);
});

test('the countdown can be stopped', async () => {
  const panel = await mounted('lc-go-live');
  const started = asked(panel, 'go-live');
  within(panel, 'lc-button').click();
  await vi.advanceTimersByTimeAsync(3000);

  within(panel, 'lc-button').click();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(started).toHaveLength(0);
});

test('without a camera the button says why it rests', async () => {
  const panel = await mounted('lc-go-live', { blocked: 'Open the camera first.' });
  const started = asked(panel, 'go-live');

  within(panel, 'lc-button').click();
  await vi.advanceTimersByTimeAsync(10_000);

  expect(started).toHaveLength(0);
  expect(textOf(panel)).toContain('Open the camera first.');
});
