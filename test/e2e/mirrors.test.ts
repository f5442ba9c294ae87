import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { missing } from '../clients/process.ts'
import { apiOf } from '../jobs/support.ts'
import { startCachalot } from '../support/cachalot.ts'
import { startFakeGit } from '../support/fake-git.ts'
import { openGitClient } from '../support/fake-git-client.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { addBlob, eventually, MIB, pull } from './support.ts'

const skip = missing('git')

/** Folders of mirrors in a data folder. */
async function mirrorsIn(dataDir: string): Promise<readonly string[]> {
  const names = await readdir(join(dataDir, 'git')).catch(() => [])
  return names.filter((name) => name.endsWith('.git'))
}

test('a clone is served from a mirror, which counts in the budget and leaves by last use', {
  skip,
}, async (t) => {
  const fake = await startFakeGit(t)
  const repo = await fake.create('owner/repo')
  await repo.commit({ 'random.txt': randomBytes(4 * MIB).toString('hex') })
  const hub = await startFakeUpstream()
  const cache = await startCachalot(t, {
    hub,
    config: {
      storage: { max_size: '96MiB', evict_to: '80MiB' },
      github: { urls: { 'github.com': fake.url } },
    },
  })
  t.after(() => hub.close())
  const used = async (): Promise<number> => (await apiOf(cache).get('/stats', {})).disk.used
  const before = await used()
  const { run } = await openGitClient(t, { cache: cache.url })
  assert.equal((await run('clone', 'https://github.com/owner/repo', 'one')).code, 0)
  await eventually('a mirror', async () => (await mirrorsIn(cache.dataDir)).length === 1)
  await eventually('it counts', async () => (await used()) - before > 4 * MIB)
  const asked = fake.asked('fetch').length
  assert.equal((await run('clone', 'https://github.com/owner/repo', 'two')).code, 0)
  assert.equal(fake.asked('fetch').length, asked)

  await cache.restart()
  assert.ok((await used()) - before > 4 * MIB, 'what is there at the start counts')
  for (let i = 0; i < 5; i++) assert.equal((await pull(cache, addBlob(hub, 20 * MIB))).status, 200)
  await eventually('no mirror', async () => (await mirrorsIn(cache.dataDir)).length === 0)
  assert.ok((await used()) <= 96 * MIB)
  assert.equal((await run('clone', 'https://github.com/owner/repo', 'three')).code, 0)
})
