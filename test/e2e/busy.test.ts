import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import {
  addBlob,
  assertStoreSound,
  assertWhole,
  blobRows,
  eventually,
  manifestPath,
  pull,
} from './support.ts'

const SQLITE = join(import.meta.dirname, '../../node_modules/better-sqlite3/lib/index.js')

interface Holder {
  /** Ends the transaction; settles when the process is gone. */
  release(): Promise<void>
  readonly holds: boolean
}

/** Another process that has the index to itself until it is told otherwise. */
async function holdIndex(t: TestContext, file: string): Promise<Holder> {
  const script = `
    import Database from ${JSON.stringify(SQLITE)}
    const db = new Database(process.argv[1])
    db.exec('BEGIN EXCLUSIVE')
    process.stdout.write('held')
    process.stdin.once('data', () => { db.exec('COMMIT'); db.close(); process.exit(0) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return {
    release: async () => {
      const ended = once(child, 'exit')
      child.stdin.write('x')
      await ended
    },
    get holds() {
      return child.exitCode === null
    },
  }
}

test('while another process holds the index, pulls go on; what they bring is written down afterwards', async (t) => {
  // Every tag is due at once, so that answers want to be written down.
  const { hub, cache } = await startPair(t, { config: { cache: { tag_ttl: '0s' } } })
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  const warm = addBlob(hub, 300_000)
  const cold = addBlob(hub, 300_000)
  await pull(cache, warm)
  assertWhole(await cache.fetch(manifestPath('1')), manifest)
  await assertStoreSound(cache.dataDir)

  const holder = await holdIndex(t, join(cache.dataDir, 'cachalot.db'))
  for (let round = 0; round < 5; round++) {
    await pull(cache, warm)
    assertWhole(await cache.fetch(manifestPath('1')), manifest)
    assertWhole(await cache.fetch(manifestPath(manifest.digest)), manifest)
    assert.equal((await cache.fetch(manifestPath('1'), { method: 'HEAD' })).status, 200)
  }
  await pull(cache, cold)
  const other = hub.addImage('library/app', { tags: ['2'] })
  const waiting = cache.fetch(manifestPath('2'))
  assert.equal(holder.holds, true, 'all of that was served meanwhile')
  assert.equal(blobRows(cache.dataDir).has(cold.digest), false)

  await holder.release()
  assertWhole(await waiting, other.manifest)
  await eventually('what was fetched is kept', () => blobRows(cache.dataDir).has(cold.digest))
  await assertStoreSound(cache.dataDir)
  hub.requests.clear()
  assert.equal((await pull(cache, cold)).headers['x-cache'], 'hit')
  assert.deepEqual(hub.requests.list({ kind: 'blob' }), [])
  assert.deepEqual(cache.log.find('error'), [])
})
