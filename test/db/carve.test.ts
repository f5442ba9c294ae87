import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { copyFile, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { type Index, openIndex } from '../../src/db/index.ts'
import type { Sha256 } from '../../src/domain/digest.ts'
import type { EntryKey } from '../../src/domain/names.ts'
import { fakeClock } from '../support/clock.ts'
import { tempDir } from '../support/temp.ts'
import { MIGRATIONS, makeFirstVersion } from './versions.ts'

const asOwner = { isOwner: () => true, clock: fakeClock() }
const COUNT = 4000
const digest = (n: number): Sha256 => `sha256:${hash('sha256', `${n}`)}`
const key = (n: number): EntryKey => ({
  frontEnd: 'oci',
  upstream: 'docker.io',
  repository: `library/app${n % 300}`,
  kind: n % 3 === 0 ? 'blob' : 'manifest',
  ref: n % 3 === 0 ? digest(n) : `v${n}`,
})
/** Some are longer than a page. */
const headersOf = (n: number) => ({ n: 'x'.repeat(n % 100 === 0 ? 9000 : n % 7) })

async function fill(index: Index): Promise<void> {
  await index.transact(() => {
    for (let n = 0; n < COUNT; n++) {
      index.blobs.add({ digest: digest(n), size: n * 1_000_003, stamp: 1_700_000_000_000_000 + n, at: n })
      const entry = { digest: digest(n), size: n, mediaType: 'x/ü', etag: undefined, headers: headersOf(n) }
      index.entries.put(key(n), { ...entry, fetchedAt: n, checkedAt: n })
      index.edges.put(digest(n), [{ child: digest(n + 1), size: n + 1 }])
    }
  })
  index.pins.put(
    { match: 'docker.io/library/app1:*', origin: 'user', reason: undefined, until: undefined },
    1,
  )
}

/** As it was, name by name; how many of them are there. */
function intact(index: Index): number {
  let found = 0
  for (let n = 0; n < COUNT; n++) {
    const entry = index.entries.find(key(n))
    if (entry === undefined) continue
    const { checkedAt, headers, mediaType, blob } = entry
    assert.deepEqual(
      { digest: entry.digest, checkedAt, mediaType },
      { digest: digest(n), checkedAt: n, mediaType: 'x/ü' },
    )
    assert.deepEqual({ ...headers }, headersOf(n))
    assert.deepEqual(blob, { size: n * 1_000_003, stamp: 1_700_000_000_000_000 + n })
    found++
  }
  return found
}

async function overwrite(file: string, page: number): Promise<void> {
  const handle = await open(file, 'r+')
  await handle.write(randomBytes(4096), 0, 4096, (page - 1) * 4096)
  await handle.close()
}

test('without its first page and without a snapshot, every row is found in the other pages', async (t) => {
  const file = join(await tempDir(t), 'cachalot.db')
  const first = openIndex(file, MIGRATIONS)
  await fill(first)
  await first.close()
  await overwrite(file, 1)
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  assert.equal(intact(index), COUNT)
  assert.equal(index.pins.list().length, 1)
  const db = new Database(file, { readonly: true })
  t.after(() => void db.close())
  assert.equal(db.prepare('SELECT count(*) FROM edges').pluck().get(), COUNT)
  assert.equal(db.prepare('SELECT count(*) FROM blobs').pluck().get(), COUNT)
})

test('what was only in the log is found too', async (t) => {
  const folder = await tempDir(t)
  const [live, file] = [join(folder, 'live.db'), join(folder, 'cachalot.db')]
  const first = openIndex(live, MIGRATIONS)
  t.after(() => first.close())
  await fill(first)
  for (const suffix of ['', '-wal']) await copyFile(live + suffix, file + suffix)
  assert.ok((await stat(`${file}-wal`)).size > 100_000)
  // SQLite reads no log whose beginning is not sound.
  const log = await open(`${file}-wal`, 'r+')
  await log.write(randomBytes(16), 0, 16, 0)
  await log.close()
  await overwrite(file, 1)
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  assert.ok(intact(index) > COUNT * 0.9, `${intact(index)} of ${COUNT}`)
})

test('an index of the first version is found as well, and what is damaged besides is passed over', async (t) => {
  const { file, count } = await makeFirstVersion(await tempDir(t), 3000)
  await overwrite(file, 1)
  await overwrite(file, Math.floor((await stat(file)).size / 4096 / 2))
  await rm(`${file}.snapshot`, { force: true })
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  const db = new Database(file, { readonly: true })
  t.after(() => void db.close())
  for (const table of ['blobs', 'entries']) {
    const rows = Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get())
    assert.ok(rows > count * 0.9 && rows <= count, `${rows} of ${table}`)
  }
})

test('an entry whose headers are no headers counts as absent', async (t) => {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS)
  t.after(() => index.close())
  await fill(index)
  const db = new Database(file)
  const update = db.prepare('UPDATE entries SET headers = ? WHERE ref = ?')
  for (const [n, text] of [
    [1, '{"a'],
    [2, '[]'],
    [4, '{"a":1}'],
  ] as const)
    update.run(text, `v${n}`)
  db.close()
  index.notice()
  for (const n of [1, 2, 4]) assert.equal(index.entries.find(key(n)), undefined)
  assert.ok(index.entries.find(key(5)))
})
