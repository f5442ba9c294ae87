import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

/**
 * What every first view needs comes in one piece, and with it the two pages that most of them show; lists are another
 * one, for the pages with tables. Else each small part that two pages share would be a request of its own.
 */
const GROUPS = [
  {
    name: 'index',
    test: /[\\/]src[\\/](?:main|pages[\\/](?:overview[\\/]overview|login[\\/]login))\.tsx$/,
    priority: 2,
  },
  {
    name: 'lists',
    test: /[\\/]src[\\/]parts[\\/](?:table[^\\/]*|selection|filter[^\\/]*|name-link|dialog)\.tsx?$/,
    priority: 1,
  },
]

/** The sign is a part of the document: less than a request for it. */
function sign(): Plugin {
  const svg = readFileSync(join(import.meta.dirname, 'sign.svg'), 'utf8').trim()
  return {
    name: 'sign',
    transformIndexHtml: (html) => html.replace('%SIGN%', `data:image/svg+xml,${encodeURIComponent(svg)}`),
  }
}

/** The console: one page, split by route, served below /ui/ by the server itself. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/ui/',
  plugins: [sign()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: false,
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
})
