import assert from 'node:assert/strict'
import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { apiOf } from '../jobs/support.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { tempDir } from '../support/temp.ts'
import { eventually } from './support.ts'

/** Whether the snapshot in this data folder knows that the key was revoked. */
function isKnown(dataDir: string, name: string): boolean {
  try {
    const db = new Database(join(dataDir, 'cachalot.db.snapshot'), { readonly: true, fileMustExist: true })
    try {
      const sql = 'SELECT 1 FROM pull_keys WHERE name = ? AND revoked_at IS NOT NULL'
      return db.prepare(sql).get(name) !== undefined
    } finally {
      db.close()
    }
  } catch {
    return false
  }
}

test('a revoked pull key does not come back with the snapshot of a damaged index', async (t) => {
  const { hub, cache } = await startPair(t)
  hub.addImage('library/app', { tags: ['1'] })
  const { secret } = await apiOf(cache).put('/keys', { name: 'nas' })
  const path = `/k/${secret}/v2/library/app/manifests/1`
  assert.equal((await cache.fetch(path)).status, 200)
  await apiOf(cache).del('/keys', { name: 'nas' })
  assert.equal((await cache.fetch(path)).status, 401)
  await eventually('the snapshot knows', () => isKnown(cache.dataDir, 'nas'))
  const dataDir = join(await tempDir(t), 'data')
  await cp(cache.dataDir, dataDir, { recursive: true, filter: (source) => !source.endsWith('.sock') })
  await writeFile(join(dataDir, 'cachalot.db'), Buffer.alloc(8192, 7))
  for (const end of ['-wal', '-shm']) await rm(join(dataDir, `cachalot.db${end}`), { force: true })
  const again = await startCachalot(t, { hub, dataDir })
  assert.equal((await again.fetch(path)).status, 401)
  assert.equal((await again.fetch('/v2/library/app/manifests/1')).status, 200)
})
