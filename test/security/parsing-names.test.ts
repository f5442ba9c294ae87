import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertNoParts, manifestPath } from '../e2e/support.ts'
import { apiOf, remove } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fetchAll } from '../support/http.ts'
import type { Cleanup } from '../support/temp.ts'
import { rowCounts } from './incoming-support.ts'

/** What means something to SQL, to LIKE, to GLOB or to a pattern, and what of it a name may have. */
const REPOSITORIES = ['a_b', 'a-b', 'a.b', 'axb', 'a__b', 'ab', 'a/b', 'select', 'null', 'x_', '0'].map(
  (name) => `org/${name.replace(/_$/, '_y')}`,
)
const TAGS = ['_', '__', 'v1_0', 'v1-0', 'v1.0', 'v1x0', 'a', 'A', 'NULL', '1']
const TEXTS = [
  '%',
  '_',
  '__',
  'a_b',
  'a%b',
  'a%',
  "'",
  "''",
  '"',
  '`',
  '\\',
  '\\_',
  "'--",
  "'OR'1'='1",
  "%27OR%271%27='1",
  "x'/**/OR/**/1=1",
  ';DROP/**/TABLE/**/blobs',
  '[a-z]_b',
  '{}',
  '$1',
  ':name',
  '?1',
  '\u0000',
  '\u00e4',
  '.*',
  'a.b',
  '(a|b)',
  '^a',
]

async function startFilled(t: Cleanup): Promise<Cachalot> {
  const { hub, cache } = await startPair(t)
  for (const repo of REPOSITORIES) {
    for (const tag of TAGS) {
      hub.addImage(repo, { tags: [tag], layers: 0 })
      await cache.fetch(manifestPath(tag, repo))
    }
  }
  await assertNoParts(cache.dataDir)
  await hub.stop()
  return cache
}

const NAMES = REPOSITORIES.flatMap((repo) => TAGS.map((tag) => `docker.io/${repo}:${tag}`))

/** A glob by the letter: `*` and `?` are no part of TEXTS but in `.*`, `?1` and the comments. */
function matches(glob: string, text: string): boolean {
  const [head = '', ...rest] = glob
  if (head === '') return text === ''
  if (head === '*' && rest[0] === '*')
    return Array.from({ length: text.length + 1 }, (_, i) => text.slice(i)).some((end) =>
      matches(rest.slice(1).join(''), end),
    )
  if (head === '*') {
    const most = (text.indexOf('/') + text.length + 1) % (text.length + 1)
    return Array.from({ length: most + 1 }, (_, i) => text.slice(i)).some((end) =>
      matches(rest.join(''), end),
    )
  }
  const isHit = head === '?' ? text !== '' && text[0] !== '/' : text[0] === head
  return isHit && matches(rest.join(''), text.slice(1))
}

/** As people type names: anywhere, unless there are wildcards; without a slash, the last part. */
function isMeant(word: string, name: string): boolean {
  if (!/[*?]/.test(word)) return name.includes(word)
  return matches(word.includes('/') || word.startsWith('**') ? word : `**/${word}`, name)
}

interface Listed {
  readonly items: readonly { name: string }[]
  readonly nextCursor: string | undefined
}

async function all(ask: (cursor: string | undefined) => Promise<Listed>) {
  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await ask(cursor)
    names.push(...page.items.map(({ name }) => name))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return names
}

/** SEC-17 */
suite('text that means something to a database', () => {
  test('is text in searches, filters and lists', async (t) => {
    const cache = await startFilled(t)
    const api = apiOf(cache)
    const before = rowCounts(cache.dataDir)
    const repositories = REPOSITORIES.map((repo) => `docker.io/${repo}`).sort()
    for (const text of TEXTS) {
      for (const word of [text, `docker.io/org/${text}`, `**${text}**`]) {
        const want = repositories.filter((name) => isMeant(word, name))
        for (const query of [{ q: word }, { filter: `upstream:docker.io ${word}` }]) {
          const found = await all((cursor) =>
            api.get('/repositories', { ...query, ...(cursor === undefined ? {} : { cursor }) }),
          )
          assert.deepEqual(found, want, JSON.stringify(query))
        }
      }
      for (const sort of [text, `name${text}`, `-${text}`])
        await assert.rejects(api.get('/images', { sort }), /column/, sort)
    }
    assert.deepEqual(rowCounts(cache.dataDir), before)
  })

  test('is text where clients page through names, cached tags included', async (t) => {
    const cache = await startFilled(t)
    for (const last of TEXTS) {
      const query = `?n=1000&last=${encodeURIComponent(last)}`
      const catalog = await fetchAll(`${cache.url}/docker.io/v2/_catalog${query}`)
      const after = (names: readonly string[]) => names.filter((name) => name > last).sort()
      assert.deepEqual(JSON.parse(catalog.body.toString()).repositories, after(REPOSITORIES), last)
      const tags = await fetchAll(`${cache.url}/v2/org/a_b/tags/list${query}`)
      assert.deepEqual(JSON.parse(tags.body.toString()).tags, after(TAGS), last)
    }
  })

  test('is text in what is pinned and what is removed', async (t) => {
    const cache = await startFilled(t)
    const api = apiOf(cache)
    await api.put('/pins', { match: ['docker.io/org/a_b:v1_0'], reason: "'; DROP TABLE pins; --" })
    const pinned = await all((cursor) =>
      api.get('/images', { filter: 'pinned', ...(cursor === undefined ? {} : { cursor }) }),
    )
    assert.deepEqual(pinned, ['docker.io/org/a_b:v1_0'])
    const gone = await remove(cache, ['org/a__b:_', 'org/a_b:_'])
    assert.equal(gone.images.length, 2)
    const left = await all((cursor) =>
      api.get('/images', { limit: 50, ...(cursor === undefined ? {} : { cursor }) }),
    )
    const wanted = NAMES.filter((name) => !['docker.io/org/a__b:_', 'docker.io/org/a_b:_'].includes(name))
    assert.deepEqual(left.sort(), wanted.sort())
    for (const text of TEXTS) {
      const before = rowCounts(cache.dataDir)
      await remove(cache, [`org/${text}:1`]).catch(() => undefined)
      const after = rowCounts(cache.dataDir)
      if (!REPOSITORIES.includes(`org/${text}`)) assert.equal(after['blobs'], before['blobs'], text)
    }
  })
})
