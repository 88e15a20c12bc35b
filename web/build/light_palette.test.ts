import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { lightPalette } from './light_palette';

it('older browsers get the light side of each colour', () => {
  const css = lightPalette(':root { --bg: light-dark(oklch(0.9 0 0), oklch(0.1 0 0)); --r: 6px; }');

  expect(css).toContain('@supports not (color: light-dark(red, red)) { :root { --bg: oklch(0.9 0 0); } }');
});

it('no colour of the tokens is left out', () => {
  const tokens = readFileSync('src/css/tokens.css', 'utf8');
  const [root = ''] = tokens.split('@media');
  const fallback = lightPalette(tokens).split('@supports')[1] ?? '';

  for (const [, name] of root.matchAll(/(--[\w-]+):\s*light-dark/g)) expect(fallback).toContain(`${name}:`);
});
