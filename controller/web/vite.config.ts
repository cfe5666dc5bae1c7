import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  // Nothing inline: the controller's content-security-policy allows only files of its own.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2020', sourcemap: false },
  // The unit tests read the C++ sources, two folders up.
  server: { fs: { allow: ['../..'] }, proxy: { '/api': 'http://127.0.0.1:8080', '/media': 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts'] },
});
