import { expect, test } from 'vitest';
import { decibels, SILENCE_DB } from './loudness';

test('full scale is nought and silence is the floor', () => {
  expect(decibels(new Float32Array([1, -1, 1, -1]))).toBeCloseTo(0);
  expect(decibels(new Float32Array([0.1, -0.1]))).toBeCloseTo(-20);
  expect(decibels(new Float32Array(8))).toBe(SILENCE_DB);
});
