import { type Page, readPage } from './page.ts'

/** Pages that exist in both languages, English first. */
export const PAIRS: readonly (readonly [english: Page, chinese: Page])[] = [
  [readPage('README.md'), readPage('README.zh-CN.md')],
  [readPage('src/auth/access.md'), readPage('src/auth/access.zh-CN.md')],
]

/** Those whose blocks are there to be used. */
export const GUIDES: readonly Page[] = [...PAIRS.flat(), readPage('CONTRIBUTING.md')]

/** Everything for readers outside of the code. */
export const PAGES: readonly Page[] = [
  ...GUIDES,
  ...['ARCHITECTURE.md', 'CHANGELOG.md', 'SECURITY.md'].map((path) => readPage(path)),
]
