import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { lightPaletteForOldBrowsers } from './build/light_palette.ts';

const page = (name: string): string => resolve(import.meta.dirname, `${name}.html`);

/** The server of `livecommerce demo`, for `npm run dev`. */
const server = process.env['LIVECOMMERCE_URL'] ?? 'http://127.0.0.1:8080';

// Browsers of the design: those that know light-dark(). Lightning CSS must leave light-dark() alone, because a subtree
// on video picks its side with `color-scheme`.
const browsers = ['chrome123', 'safari17.5', 'firefox120'];

export default defineConfig({
  plugins: [lightPaletteForOldBrowsers()],
  build: {
    target: browsers,
    cssTarget: browsers,
    modulePreload: { polyfill: false }, // would be an inline script
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { lobby: page('index'), show: page('show'), studio: page('studio'), control: page('control') },
    },
  },
  server: {
    proxy: { '/api': server, '/socket.io': { target: server, ws: true } },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts', 'build/**/*.test.ts'],
    restoreMocks: true,
    setupFiles: ['src/testing/setup.ts'],
  },
});
