import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

/**
 * What every first view needs comes in one piece, and with it the page that most of them show. Else each small part that
 * pages share would be a request of its own, and together they pack much better: so tables are one piece, lists of what is
 * cached another, and the styles of pages are two. Pages that one goes to from each other are put together in src/pieces.
 */
const GROUPS = [
  {
    name: 'styles',
    test: ui('pages/(?:images|repository)/.*|parts/(?!chart|palette|lines|converter).*', 'css'),
  },
  { name: 'more-styles', test: ui('pages/(?!overview).*|parts/(?!chart).*', 'css') },
  {
    name: 'index',
    test: ui('main|parts/(?:dialog|name-link|pull-line|basket-button)|pages/overview/overview'),
  },
  { name: 'table', test: ui('parts/(?:table(?!-page|-list|-menu).*|tabs)') },
  {
    name: 'lists',
    test: ui(
      'parts/(?:table.*|selection(?!-bar).*|filter.*|views|beside|evict-later|pin-.*)|pages/images/columns',
    ),
  },
  { name: 'converter', test: ui('parts/(?:converter|lines|fetch-button|platform-select)') },
].map((group, i, all) => ({ ...group, priority: all.length - i }))

/** Files of ours by their path below src. */
function ui(path: string, ending = 'tsx?'): RegExp {
  return new RegExp(`/src/(?:${path})\\.${ending}$`.replaceAll('/', String.raw`[\\/]`))
}

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
