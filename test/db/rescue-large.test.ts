import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openIndex } from '../../src/db/index.ts'
import { openDb } from '../../src/db/open.ts'
import type { Sha256 } from '../../src/domain/digest.ts'
import { MIB } from '../../src/domain/units.ts'
import { fakeClock } from '../support/clock.ts'
import { tempDir } from '../support/temp.ts'
import { recoveredOf } from './recovered.ts'
import { MIGRATIONS } from './versions.ts'

const BLOB: Sha256 = `sha256:${'7'.repeat(64)}`
const asOwner = { isOwner: () => true, clock: fakeClock() }

/** The folder of an index of more than 64 MiB with one blob, which was closed in order and so has a snapshot. */
async function makeLarge(folder: string): Promise<string> {
  const file = join(folder, 'cachalot.db')
  const index = openIndex(file, MIGRATIONS, asOwner)
  await index.transact(() => index.blobs.add({ digest: BLOB, size: 1, stamp: 1, at: 1 }))
  const db = openDb(file)
  db.prepare("INSERT INTO facts VALUES ('padding', ?)").run('x'.repeat(70 * MIB))
  db.close()
  await index.close()
  for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true })
  assert.ok((await stat(`${file}.snapshot`)).size > 64 * MIB)
  return file
}

describe('a large index that is lost', () => {
  it('is its snapshot from then on, and gets another one', async (t) => {
    const file = await makeLarge(await tempDir(t))
    const snapshot = `${file}.snapshot`
    const { mtimeMs, ino } = await stat(snapshot)
    const index = openIndex(file, MIGRATIONS, asOwner)
    t.after(() => index.close())
    assert.equal((await recoveredOf(index))?.snapshotAt, Math.round(mtimeMs))
    assert.equal(index.blobs.find(BLOB)?.size, 1)
    // Not a copy: making and checking that takes as long as the file is large.
    assert.equal((await stat(file)).ino, ino)
    assert.equal(existsSync(snapshot), false)
    await index.snapshot()
    assert.ok((await stat(snapshot)).size > 64 * MIB)
  })

  it('is not lost to somebody who was killed before the snapshot was in its place', async (t) => {
    const file = await makeLarge(await tempDir(t))
    await rename(`${file}.snapshot`, `${file}.restored`)
    const index = openIndex(file, MIGRATIONS, asOwner)
    t.after(() => index.close())
    assert.notEqual((await recoveredOf(index))?.snapshotAt, undefined)
    assert.equal(index.blobs.find(BLOB)?.size, 1)
  })

  it('is begun anew where the snapshot is no good, which stays for whoever wants to look', async (t) => {
    const file = await makeLarge(await tempDir(t))
    const snapshot = `${file}.snapshot`
    const { size } = await stat(snapshot)
    await rename(snapshot, `${snapshot}.good`)
    await truncate(`${snapshot}.good`, 0)
    await truncate(`${snapshot}.good`, size)
    await rename(`${snapshot}.good`, snapshot)
    const index = openIndex(file, MIGRATIONS, asOwner)
    t.after(() => index.close())
    assert.equal((await recoveredOf(index))?.snapshotAt, undefined)
    assert.equal(index.blobs.find(BLOB), undefined)
    assert.equal((await stat(snapshot)).size, size)
  })
})
