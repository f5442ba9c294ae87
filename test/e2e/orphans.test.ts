import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { startPair } from '../support/cachalot.ts'
import { addBlob, assertNoParts, assertStoreSound, blobFiles, MIB, manifestPath, pull } from './support.ts'

const run = promisify(execFile)

/** A small volume of its own; undefined, and the test skipped, where that is not allowed. */
async function smallVolume(t: TestContext): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'cachalot-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder])
    return folder
  } catch {
    await rm(folder, { recursive: true })
    t.skip('needs root to mount a small disk')
    return undefined
  }
}

test('content whose row cannot be written leaves no file behind', async (t) => {
  const folder = await smallVolume(t)
  if (folder === undefined) return
  const dataDir = join(folder, 'data')
  const { hub, cache } = await startPair(t, { dataDir })
  t.after(async () => {
    await run('umount', ['-l', folder])
    await rm(folder, { recursive: true })
  })
  // Every row that is written now takes more room than the volume has, after the file was renamed.
  const db = new Database(join(dataDir, 'cachalot.db'))
  db.exec(`CREATE TABLE junk (bytes BLOB);
           CREATE TRIGGER fill AFTER INSERT ON blobs BEGIN INSERT INTO junk VALUES (zeroblob(200000000)); END`)
  hub.addImage('library/app', { tags: ['1'] })
  const blob = addBlob(hub, MIB)
  await pull(cache, blob)
  assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'bypass')
  await assertNoParts(dataDir)
  await assertStoreSound(dataDir)
  assert.deepEqual(await blobFiles(dataDir), [])
  db.close()
})
