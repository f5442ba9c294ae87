import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'

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

suite('what the console weighs', () => {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8')
  const first = [...html.matchAll(/\/ui\/assets\/([\w.-]+)/g)].map(([, name]) => name ?? '')

  for (const page of ['overview', 'home', 'login', 'images'])
    test(`the first load is at most 50 KB: ${page}`, () => {
      assert.notEqual(chunksOf(page).length, 0, `${page} is a part of its own`)
      const files = needed([...first, ...chunksOf(page)])
      assert.ok(files.size >= 4)
      const total = size('index.html') + sum(files)
      assert.ok(total <= 50 * KB, `${total} bytes: ${[...files].join(' ')}`)
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
