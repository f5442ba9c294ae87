import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { NewEntry } from '../../src/db/entries.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import type { Use } from '../../src/db/uses.ts'
import type { Sha256 } from '../../src/domain/digest.ts'
import type { EntryKey } from '../../src/domain/names.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

async function open(t: Cleanup): Promise<Index & { file: string }> {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS)
  t.after(() => index.close())
  return Object.assign(index, { file })
}

const digest = (n: number): Sha256 => `sha256:${n.toString(16).padStart(64, '0')}`
const key = (ref: string, over: Partial<EntryKey> = {}): EntryKey => ({
  frontEnd: 'oci',
  upstream: 'docker.io',
  repository: 'library/app',
  kind: 'manifest',
  ref,
  ...over,
})
const entry = (n: number, over: Partial<NewEntry> = {}): NewEntry => ({
  digest: digest(n),
  size: 100 + n,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  etag: '"x"',
  headers: {},
  fetchedAt: 1000,
  checkedAt: 1000,
  ...over,
})

const use = (n: number, at: number): Use => ({ key: key(digest(n)), digest: digest(n), at, pulled: true })

suite('entries', () => {
  test('come back as they were put, with the blob when it is here', async (t) => {
    const { entries, blobs } = await open(t)
    for (const ref of ['1.0', digest(7), `sha512:${'ab'.repeat(64)}`]) {
      const put = entry(1, { headers: { link: '<x>' }, etag: undefined, mediaType: undefined })
      entries.put(key(ref), put)
      assert.deepEqual(entries.find(key(ref)), { ...put, blob: undefined, previous: undefined })
    }
    blobs.add({ digest: digest(1), size: 55, stamp: 7, at: 1 })
    assert.deepEqual(entries.find(key('1.0'))?.blob, { size: 55, stamp: 7 })
    assert.equal(entries.find(key('2.0')), undefined)
  })

  test('of other repositories, upstreams and kinds are others', async (t) => {
    const { entries } = await open(t)
    entries.put(key('1'), entry(1))
    assert.equal(entries.find(key('1', { repository: 'library/other' })), undefined)
    assert.equal(entries.find(key('1', { upstream: 'ghcr.io' })), undefined)
    assert.equal(entries.find(key('1', { kind: 'blob' })), undefined)
  })

  test('are replaced, confirmed and removed', async (t) => {
    const { entries } = await open(t)
    entries.put(key('1'), entry(1))
    entries.put(key('1'), entry(2))
    assert.equal(entries.find(key('1'))?.digest, digest(2))
    entries.confirm(key('1'), 5000)
    assert.equal(entries.find(key('1'))?.checkedAt, 5000)
    assert.equal(entries.find(key('1'))?.fetchedAt, 1000)
    entries.remove(key('1'), 6000)
    entries.remove(key('1', { repository: 'never/seen' }), 6000)
    assert.equal(entries.find(key('1')), undefined)
  })

  test('list refs and repositories in byte order, page by page', async (t) => {
    const { entries } = await open(t)
    for (const ref of ['b', 'a', 'B', digest(3)]) entries.put(key(ref), entry(1))
    entries.put(key('x', { repository: 'a/b' }), entry(1))
    entries.put(key('x', { repository: 'only/blobs', kind: 'blob' }), entry(1))
    entries.put(key('x', { upstream: 'ghcr.io' }), entry(1))
    const { ref: _ref, ...where } = key('')
    assert.deepEqual(entries.refs(where), ['B', 'a', 'b', digest(3)])
    const all = ['docker.io/a/b', 'docker.io/library/app', 'ghcr.io/library/app']
    assert.deepEqual(entries.repositories({ frontEnd: 'oci', last: '', limit: 10 }), all)
    assert.deepEqual(entries.repositories({ frontEnd: 'oci', last: all[0] ?? '', limit: 1 }), [all[1]])
    assert.deepEqual(
      entries.repositories({ frontEnd: 'oci', upstream: 'docker.io', last: 'a/b', limit: 9 }),
      ['library/app'],
    )
  })
})

suite('what is remembered of the index', () => {
  test('is forgotten with every write of our own', async (t) => {
    const { entries, blobs } = await open(t)
    entries.put(key('1'), entry(1))
    assert.equal(entries.find(key('1'))?.blob, undefined)
    blobs.add({ digest: digest(1), size: 5, stamp: 1, at: 1 })
    assert.equal(entries.find(key('1'))?.blob?.stamp, 1)
    blobs.verified(digest(1), 9, 2)
    assert.equal(entries.find(key('1'))?.blob?.stamp, 9)
    blobs.remove(digest(1))
    assert.equal(entries.find(key('1')), undefined)
  })

  test('is forgotten when another process wrote, once that was noticed', async (t) => {
    const { entries, notice, file } = await open(t)
    const other = openIndex(file, MIGRATIONS)
    t.after(() => other.close())
    entries.put(key('1'), entry(1))
    assert.equal(entries.find(key('1'))?.digest, digest(1))
    other.entries.put(key('1'), entry(2))
    notice()
    assert.equal(entries.find(key('1'))?.digest, digest(2))
    other.entries.remove(key('1'), 6000)
    notice()
    assert.equal(entries.find(key('1')), undefined)
  })

  test('never holds what was rolled back', async (t) => {
    const { entries, transact } = await open(t)
    entries.put(key('1'), entry(1))
    await assert.rejects(
      transact(() => {
        entries.put(key('1'), entry(2))
        entries.put(key('1', { repository: 'new/one' }), entry(2))
        assert.equal(entries.find(key('1'))?.digest, digest(2))
        entries.find(key('1', { repository: 'new/one' }))
        throw new Error('rolled back')
      }),
      /rolled back/,
    )
    assert.equal(entries.find(key('1'))?.digest, digest(1))
    assert.equal(entries.find(key('1', { repository: 'new/one' })), undefined)
    entries.put(key('1', { repository: 'newer/one' }), entry(3))
    entries.put(key('1', { repository: 'new/one' }), entry(4))
    assert.equal(entries.find(key('1', { repository: 'new/one' }))?.digest, digest(4))
    assert.equal(entries.find(key('1', { repository: 'newer/one' }))?.digest, digest(3))
  })
})

suite('blobs', () => {
  test('count whole blocks, as the disk does', async (t) => {
    const { blobs } = await open(t)
    assert.deepEqual(blobs.totals(), { count: 0, bytes: 0 })
    for (const [n, size] of [
      [1, 0],
      [2, 1],
      [3, 4096],
      [4, 4097],
    ] as const) {
      blobs.add({ digest: digest(n), size, stamp: 1, at: 1 })
    }
    assert.deepEqual(blobs.totals(), { count: 4, bytes: 4 * 4096 })
  })

  test('are coldest in the order of their use', async (t) => {
    const { blobs, uses } = await open(t)
    for (const n of [1, 2, 3, 4]) blobs.add({ digest: digest(n), size: 10, stamp: 1, at: n })
    const coldest = (): Sha256[] => blobs.coldest(3).map((blob) => blob.digest)
    assert.deepEqual(coldest(), [digest(1), digest(2), digest(3)])
    uses.note(use(1, 10))
    uses.note(use(2, 1))
    assert.deepEqual(coldest(), [digest(1), digest(2), digest(3)])
    uses.flush()
    assert.deepEqual(coldest(), [digest(2), digest(3), digest(4)])
  })

  test('a use of what nobody knew yet counts as soon as its name is there, and is forgotten where it never is', async (t) => {
    const { blobs, entries, uses } = await open(t)
    const unknown = (ref: string, at: number) => ({ key: key(ref), digest: undefined, at, pulled: true })
    uses.note(unknown('1', 50))
    uses.note(unknown('1', 60))
    uses.note(unknown('never', 60))
    uses.flush()
    blobs.add({ digest: digest(1), size: 10, stamp: 1, at: 1 })
    entries.put(key('1'), entry(1))
    uses.flush()
    assert.deepEqual(entries.useOf(key('1')), { usedAt: Math.max(60, entry(1).checkedAt), pulls: 2 })
    assert.equal(blobs.standing(digest(1))?.usedAt, 60)
    for (let i = 0; i < 20; i++) uses.flush()
    entries.put(key('never'), entry(1))
    uses.flush()
    assert.equal(entries.useOf(key('never')).pulls, 0)
  })

  test('a use of a manifest is a use of all it references', async (t) => {
    const { blobs, edges, uses } = await open(t)
    for (const n of [1, 2, 3, 4]) blobs.add({ digest: digest(n), size: 10, stamp: 1, at: n })
    edges.put(digest(1), [
      { child: digest(2), size: 10 },
      { child: digest(9), size: 1 },
    ])
    uses.note(use(1, 50))
    uses.flush()
    assert.deepEqual(
      blobs.coldest(9).map((blob) => blob.digest),
      [digest(3), digest(4), digest(1), digest(2)],
    )
  })

  test('take every entry and edge that leads to them along', async (t) => {
    const { blobs, entries, edges } = await open(t)
    blobs.add({ digest: digest(1), size: 10, stamp: 1, at: 1 })
    entries.put(key('1'), entry(1))
    entries.put(key('2', { repository: 'other/one' }), entry(1))
    entries.put(key('3'), entry(3))
    edges.put(digest(1), [{ child: digest(5), size: 77 }])
    assert.equal(edges.sizeOf(digest(5)), 77)
    assert.equal(blobs.remove(digest(1)), true)
    assert.equal(blobs.remove(digest(1)), false)
    assert.equal(entries.find(key('1')), undefined)
    assert.equal(entries.find(key('2', { repository: 'other/one' })), undefined)
    assert.equal(entries.find(key('3'))?.digest, digest(3))
    assert.equal(edges.sizeOf(digest(5)), undefined)
  })
})

test('uses that could not be written are written later', async (t) => {
  const { blobs, uses, file } = await open(t)
  const other = openIndex(file, MIGRATIONS)
  t.after(() => other.close())
  for (const n of [1, 2]) blobs.add({ digest: digest(n), size: 10, stamp: 1, at: n })
  uses.note(use(1, 10))
  await other.transact(() => {
    other.blobs.add({ digest: digest(3), size: 1, stamp: 1, at: 3 })
    assert.throws(() => uses.flush(), { code: 'SQLITE_BUSY' })
  })
  uses.flush()
  assert.deepEqual(
    blobs.coldest(9).map((blob) => blob.digest),
    [digest(2), digest(3), digest(1)],
  )
})

test('a transaction waits for another process without blocking this one', async (t) => {
  const index = await open(t)
  const { default: Database } = await import('better-sqlite3')
  const other = new Database(index.file)
  other.exec('BEGIN IMMEDIATE')
  let turns = 0
  const ticking = setInterval(() => turns++, 5)
  const writing = index.transact(() => index.entries.put(key('1'), entry(1)))
  setTimeout(() => other.exec('COMMIT'), 300)
  await writing
  clearInterval(ticking)
  other.close()
  assert.ok(turns > 2, `${turns} turns of the event loop`)
  assert.equal(index.entries.find(key('1'))?.digest, digest(1))
})
