import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { copyFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { type Index, openIndex } from '../../src/db/index.ts'
import type { Sha256 } from '../../src/domain/digest.ts'
import type { EntryKey } from '../../src/domain/names.ts'
import { fakeClock } from '../support/clock.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { recoveredOf } from './recovered.ts'
import { MIGRATIONS, makeFirstVersion } from './versions.ts'

const asOwner = { isOwner: () => true, clock: fakeClock() }
const digest = (n: number): Sha256 => `sha256:${hash('sha256', `${n}`)}`
const key = (n: number): EntryKey => ({
  frontEnd: 'oci',
  upstream: 'docker.io',
  repository: `library/app${n % 50}`,
  kind: 'manifest',
  ref: `v${n}`,
})

/** The file of an index that holds so many and was closed in order. */
async function closedIndex(t: Cleanup, count: number): Promise<string> {
  const file = join(await tempDir(t), 'cachalot.db')
  const index = openIndex(file, MIGRATIONS, asOwner)
  await add(index, 0, count)
  await index.close()
  return file
}

function add(index: Index, from: number, to: number): Promise<void> {
  return index.transact(() => {
    for (let n = from; n < to; n++) {
      index.blobs.add({ digest: digest(n), size: n, stamp: 1, at: 1 })
      const entry = { digest: digest(n), size: n, mediaType: 'x/y', etag: undefined, headers: { n: `${n}` } }
      index.entries.put(key(n), { ...entry, fetchedAt: n, checkedAt: n })
      index.edges.put(digest(n), [{ child: digest(n + 1), size: n + 1 }])
    }
  })
}

/** Overwrites whole pages in the middle. Nobody has it open. */
async function damage(file: string, pages: readonly number[]): Promise<void> {
  const { size } = await stat(file)
  const fd = openSync(file, 'r+')
  for (const share of pages)
    writeSync(fd, Buffer.alloc(4096, 0xa5), 0, 4096, Math.floor((size * share) / 4096) * 4096)
  closeSync(fd)
}

/** How many of the names have everything they had. */
function intact(index: Index, count: number): number {
  let found = 0
  for (let n = 0; n < count; n++) {
    const entry = index.entries.find(key(n))
    if (entry === undefined) continue
    assert.equal(entry.digest, digest(n))
    assert.deepEqual([entry.size, entry.headers, entry.checkedAt], [n, { n: `${n}` }, n])
    found++
  }
  return found
}

test('without a snapshot, rows are read around the bad pages', async (t) => {
  const file = join(await tempDir(t), 'cachalot.db')
  const COUNT = 20_000
  // Not the owner, so there is no snapshot at the end.
  const first = openIndex(file, MIGRATIONS)
  await add(first, 0, COUNT)
  first.pins.put({ match: 'docker.io/library/app1:*', origin: 'user', reason: 'x', until: undefined }, 1)
  await first.close()
  await damage(file, [0.2, 0.35, 0.5, 0.8])
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  const recovered = await recoveredOf(index)
  assert.equal(recovered?.snapshotAt, undefined)
  assert.ok((recovered?.salvaged.rows ?? 0) > COUNT)
  assert.ok((recovered?.salvaged.gaps ?? 0) > 0)
  assert.ok(recovered?.aside?.includes('.corrupt-'))
  assert.ok(intact(index, COUNT) > COUNT * 0.9, `${intact(index, COUNT)} of ${COUNT} names`)
  assert.equal(index.pins.list().length, 1)
})

test('with a snapshot, nothing of it is lost, and what is newer is read from the damaged file', async (t) => {
  const file = join(await tempDir(t), 'cachalot.db')
  const first = openIndex(file, MIGRATIONS, asOwner)
  await add(first, 0, 3000)
  await first.snapshot()
  const kept = join(await tempDir(t), 'snapshot')
  await copyFile(`${file}.snapshot`, kept)
  await add(first, 3000, 6000)
  await first.close()
  await copyFile(kept, `${file}.snapshot`)
  await damage(file, [0.4])
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  assert.equal(intact(index, 3000), 3000)
  assert.ok(intact(index, 6000) > 5000)
  assert.notEqual((await recoveredOf(index))?.snapshotAt, undefined)
})

test('a damaged index of the first version comes up to this one', async (t) => {
  const { file } = await makeFirstVersion(await tempDir(t), 3000)
  await damage(file, [0.9])
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  assert.ok(index.blobs.totals().count > 2000)
  assert.notEqual(await recoveredOf(index), undefined)
})

test('nothing readable at all leaves a new index', async (t) => {
  const folder = await tempDir(t)
  const file = join(folder, 'cachalot.db')
  for (const name of [file, `${file}.snapshot`])
    await writeFile(name, 'neither of these is a database '.repeat(300))
  const index = openIndex(file, MIGRATIONS, asOwner)
  await add(index, 0, 10)
  assert.equal(intact(index, 10), 10)
  await index.close()
  assert.deepEqual(
    (await readdir(folder)).filter((name) => /restored|half/.test(name)),
    [],
  )
  await openIndex(file, MIGRATIONS, asOwner).close()
})

test('a transaction that runs into damage is run again after the repair; another process follows', async (t) => {
  const file = await closedIndex(t, 8000)
  const index = openIndex(file, MIGRATIONS, asOwner)
  const other = openIndex(file, MIGRATIONS)
  t.after(async () => {
    await other.close()
    await index.close()
  })
  let heard = 0
  await index.onRecovered(() => void heard++)
  await damage(
    file,
    Array.from({ length: 99 }, (_, n) => (n + 1) / 100),
  )
  // What is still in memory is right, so all of them are read.
  await index.transact(() => assert.equal(index.blobs.totals().count, 8000))
  assert.equal(await index.repaired(), true)
  assert.equal(heard, 1)
  assert.equal(intact(index, 8000), 8000)
  other.notice()
  assert.equal(intact(other, 8000), 8000)
})

test('a large index that was closed in order opens at once, is looked through meanwhile, and put back', async (t) => {
  const file = await closedIndex(t, 4000)
  const db = new Database(file)
  db.exec('CREATE TABLE ballast (x); INSERT INTO ballast VALUES (zeroblob(70 * 1024 * 1024))')
  db.close()
  // Among the rows, which come before the ballast.
  await damage(file, [0.01])
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  let heard = 0
  await index.onRecovered(() => void heard++)
  assert.equal(heard, 0, 'it was not looked through before it opened')
  while (!(await index.repaired())) await sleep(20)
  assert.equal(heard, 1)
  assert.equal(intact(index, 4000), 4000)
})

test('an index of which only its log is left is put back from the snapshot', async (t) => {
  const file = await closedIndex(t, 1000)
  const second = openIndex(file, MIGRATIONS, asOwner)
  await add(second, 1000, 2000)
  await copyFile(`${file}-wal`, `${file}.kept`)
  await second.close()
  await copyFile(`${file}.kept`, `${file}-wal`)
  await rm(file)
  const index = openIndex(file, MIGRATIONS, asOwner)
  t.after(() => index.close())
  const recovered = await recoveredOf(index)
  assert.notEqual(recovered?.snapshotAt, undefined)
  assert.equal(intact(index, 2000), 2000)
})
