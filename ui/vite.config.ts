import { defineConfig } from 'vite'

/** The console: one page, split by route, served below /ui/ by the server itself. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/ui/',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
})
