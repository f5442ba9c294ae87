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

/** The words of a language; those of pages that fewer visits open are a part of their own. */
function wordsOf(language: string): readonly string[] {
  return readdirSync(ASSETS).filter((name) => new RegExp(`^${language}(-more)?-[\\w-]{8}\\.js$`).test(name))
}

function sum(names: Iterable<string>): number {
  return [...names].reduce((total, name) => total + size(join('assets', name)), 0)
}

suite('what the console weighs', () => {
  for (const language of LANGUAGES)
    test(`the words of a language are at most 12 KB: ${language}`, () => {
      assert.equal(wordsOf(language).length, 2)
      assert.ok(sum(wordsOf(language)) <= 12 * KB, `${sum(wordsOf(language))} bytes`)
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

/** Where a visit may begin, and whose it is. */
const BEGINNINGS = {
  home: ['/', 'anybody'],
  login: ['/ui/', 'anybody'],
  setup: ['/ui/setup', 'anybody'],
  overview: ['/ui/', 'alice'],
  images: ['/ui/images', 'alice'],
  repository: ['/ui/images/docker.io/library/app', 'alice'],
  discover: ['/ui/discover', 'alice'],
} as const

suite('what the first view asks for', { skip: NO_CHROMIUM }, () => {
  for (const language of LANGUAGES)
    test(`is at most 50 KB, styles and words included: ${language}`, async (t) => {
      const lab = await startConsole(t)
      await fill(lab)
      const browser = await openBrowser(t)
      for (const [name, [path, who]] of Object.entries(BEGINNINGS)) {
        const { page, requests } = await openPage(browser, lab.cache.url, { language })
        if (who === 'alice') await logInAs(page, who)
        await visit(page, path)
        const files = requests.flatMap((url) => /\/ui\/(assets\/.+)$/.exec(url)?.[1] ?? [])
        assert.ok(files.length >= 2, `${name}: ${files.join(' ')}`)
        const total = [...new Set(files)].reduce((all, file) => all + size(file), size('index.html'))
        assert.ok(total <= 50 * KB, `${name}: ${total} bytes: ${files.join(' ')}`)
        await page.context().close()
      }
    })

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
