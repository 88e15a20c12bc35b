import { expect, test } from 'vitest';
import { HISTORY_LENGTH, recorded, sparkOf } from './history';

test('a history keeps its newest readings', () => {
  let history: readonly number[] = [];
  for (let value = 0; value < HISTORY_LENGTH + 5; value += 1) history = recorded(history, value);

  expect(history).toHaveLength(HISTORY_LENGTH);
  expect(history.at(-1)).toBe(HISTORY_LENGTH + 4);
});

test('a line rises from the foot to the top of its box', () => {
  expect(sparkOf([1, 2, 3])?.line).toBe('M0.0 27.0L50.0 15.0L100.0 3.0');
});

test('one reading is no line yet, and a flat one lies at the foot', () => {
  expect(sparkOf([5])).toBeNull();
  expect(sparkOf([5, 5])?.line).toBe('M0.0 27.0L100.0 27.0');
});
