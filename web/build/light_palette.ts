import type { Plugin } from 'vite';

/** `--name: light-dark(light, dark);` of one declaration; the light side may hold one level of brackets. */
const PAIR = /(--[\w-]+):\s*light-dark\(\s*((?:[^(),]|\([^()]*\))+),\s*(?:[^(),]|\([^()]*\))+\)\s*;/g;

/**
 * Gives browsers without `light-dark()` the light palette.
 *
 * A custom property with an unknown function stays valid until it is used, so a second declaration is no fallback:
 * the light values stand in an `@supports not` block behind the tokens.
 */
export function lightPalette(css: string): string {
  const plain = [...css.matchAll(PAIR)].map(([, name, light]) => `${name}: ${light?.trim()};`);
  const unique = new Map(plain.map((line) => [line.split(':', 1)[0], line]).reverse() as [string, string][]);
  const body = [...unique.values()].reverse().join(' ');
  return `${css}\n@supports not (color: light-dark(red, red)) { :root { ${body} } }\n`;
}

/** The build step around `lightPalette`, for `tokens.css` only. */
export const lightPaletteForOldBrowsers = (): Plugin => ({
  name: 'light-palette',
  enforce: 'pre',
  transform: (code, id) => (id.split('?')[0]?.endsWith('/tokens.css') ? lightPalette(code) : null),
});
