import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { eventually } from '../e2e/support.ts'
import { LANGUAGES, NO_CHROMIUM, openBrowser, openPage, visit } from './browser.ts'
import { fill, logInAs, startConsole } from './console.ts'

const DIST = join(import.meta.dirname, '../../ui/dist')
const ASSETS = join(DIST, 'assets')
const KB = 1024

/** As it goes over the wire. */
function size(name: string): number {
  return statSync(join(DIST, `${name}.br`)).size
}

/** Files that this one cannot run without: those it imports at once, and their own. */
function needed(names: readonly string[], known: Set<string> = new Set()): ReadonlySet<string> {
  for (const name of names) {
    if (known.has(name)) continue
    known.add(name)
    if (!name.endsWith('.js')) continue
    const text = readFileSync(join(ASSETS, name), 'utf8')
    const imports = [...text.matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+)["'`]/g)].map(
      ([, found]) => found ?? '',
    )
    needed(imports, known)
  }
  return known
}

/** Files of a page that come when it is opened. */
function chunksOf(page: string): readonly string[] {
  return readdirSync(ASSETS).filter((name) => new RegExp(`^${page}-[\\w-]{8}\\.(js|css)$`).test(name))
}

function sum(names: Iterable<string>): number {
  return [...names].reduce((total, name) => total + size(join('assets', name)), 0)
}

/** Pages that come with the frame. */
const FRAMED = ['overview', 'login']

suite('what the console weighs', () => {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8')
  const first = [...html.matchAll(/\/ui\/assets\/([\w.-]+)/g)].map(([, name]) => name ?? '')

  for (const language of LANGUAGES)
    for (const page of [...FRAMED, 'home', 'images', 'repository', 'setup'])
      test(`the first load is at most 50 KB: ${page}, ${language}`, () => {
        const own = FRAMED.includes(page) ? [] : chunksOf(page)
        assert.equal(own.length > 0, !FRAMED.includes(page), `${page} is a part of its own`)
        const files = needed([...first, ...own, ...chunksOf(language)])
        const total = size('index.html') + sum(files)
        assert.ok(total <= 50 * KB, `${total} bytes: ${[...files].join(' ')}`)
      })

  for (const language of LANGUAGES)
    test(`the words of a language are at most 12 KB: ${language}`, () => {
      assert.equal(chunksOf(language).length, 1)
      assert.ok(sum(chunksOf(language)) <= 12 * KB, `${sum(chunksOf(language))} bytes`)
    })

  test('every part that another one names is there', () => {
    const names = new Set(readdirSync(ASSETS))
    for (const name of [...names].filter((one) => one.endsWith('.js'))) {
      const text = readFileSync(join(ASSETS, name), 'utf8')
      for (const [, found = ''] of text.matchAll(/["'`](?:\.\/|assets\/)([\w-]+-[\w-]{8}\.(?:js|css))["'`]/g))
        assert.ok(names.has(found), `${name} names ${found}`)
    }
  })

  test('all pages, in English and Chinese, are at most 110 KB', () => {
    const files = readdirSync(ASSETS).filter((name) => /\.(js|css|svg)$/.test(name))
    assert.ok(files.length > 15, 'the console is built')
    const total = size('index.html') + sum(files)
    assert.ok(total <= 110 * KB, `${total} bytes`)
  })

  test('there are no fonts and no pictures but its sign', () => {
    const others = readdirSync(DIST, { recursive: true })
      .map(String)
      .filter((name) => /\.[a-z\d]+$/.test(name) && !/\.(js|css|html|svg)(\.br|\.gz)?$/.test(name))
    assert.deepEqual(others, [])
  })
})

suite('what the first view asks for', { skip: NO_CHROMIUM }, () => {
  for (const language of LANGUAGES)
    test(`is at most six requests, also for the stream of what changes: ${language}`, async (t) => {
      const lab = await startConsole(t)
      await fill(lab)
      const browser = await openBrowser(t)
      for (const who of ['anybody', 'alice'] as const) {
        const { page, requests, errors } = await openPage(browser, lab.cache.url, { language })
        if (who === 'alice') await logInAs(page, who)
        await visit(page, '/ui/')
        await page.locator(who === 'alice' ? '.traffic' : 'input[type=password]').waitFor()
        const isStreaming = () => requests.some((url) => url.includes('/api/v1/events'))
        if (who === 'alice') await eventually('it listens to what changes', isStreaming)
        assert.deepEqual(errors, [])
        assert.ok(requests.length <= 6, requests.join('\n'))
        assert.equal(requests.filter((url) => url.includes('/events')).length, who === 'alice' ? 1 : 0)
      }
    })
})
