import { expect, test } from 'vitest';
import { troubleOf } from './camera';

test('a refused camera is told in words with a way out', () => {
  const trouble = troubleOf(new DOMException('Permission denied', 'NotAllowedError'));

  expect(trouble.title).toBe('The browser keeps the camera closed');
  expect(trouble.advice).toContain('Allow camera');
});

test('an unknown trouble still has a way out', () => {
  expect(troubleOf('?').advice).toBe('Try again, or choose another device.');
});
