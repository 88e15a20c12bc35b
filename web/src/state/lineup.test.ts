import { expect, test } from 'vitest';
import { moved, without } from './lineup';

test('a product moves and the others close up', () => {
  expect(moved(['a', 'b', 'c', 'd'], 0, 2)).toEqual(['b', 'c', 'a', 'd']);
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
});

test('moving past an end stops there', () => {
  expect(moved(['a', 'b'], 0, 9)).toEqual(['b', 'a']);
  expect(moved(['a', 'b'], 7, 0)).toEqual(['a', 'b']);
});

test('a removed product leaves the order of the others', () => {
  expect(without(['a', 'b', 'c'], 'b')).toEqual(['a', 'c']);
});
