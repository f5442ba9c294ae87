import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { ImageRow } from '../../src/api/contract.ts'
import { listOf, runOne } from '../jobs/prefetch-support.ts'
import { apiOf, last } from '../jobs/support.ts'
import { bring, exportOf } from '../packages/support.ts'
import { makeBigIndex } from '../support/big-index.ts'
import { type Cachalot, type Pair, startPair } from '../support/cachalot.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { evict, select } from './evict-support.ts'

/** So many images that lists are told as they were for some seconds. */
const SIZE = { blobs: 24_000, tags: 8000, repositories: 300 }

/** A large cache where somebody looked at the lists just now. */
async function startLarge(t: Cleanup): Promise<Pair & { readonly app: BuiltImage }> {
  const dataDir = join(await tempDir(t), 'data')
  await makeBigIndex(dataDir, { ...SIZE, files: false })
  const { config } = listOf(['listed:1'])
  // No byte of what the index tells of is there.
  const lab = await startPair(t, {
    dataDir,
    config: { ...config, storage: { max_size: '0', min_free: '0' } },
  })
  lab.hub.addImage('library/listed', { tags: ['1'] })
  const app = lab.hub.addImage('library/app', { tags: ['1'] })
  assert.equal(await row(lab.cache, 'app'), undefined)
  return { ...lab, app }
}

async function row(cache: Cachalot, name: string): Promise<ImageRow | undefined> {
  const { items } = await apiOf(cache).get('/images', { q: `library/${name}` })
  return items.find((image) => image.name === `docker.io/library/${name}:1`)
}

suite('lists of a large cache know at once', () => {
  test('what was fetched, pinned, checked, evicted and brought back', async (t) => {
    const { hub, cache, app } = await startLarge(t)
    await last(apiOf(cache).stream('/fetch', { names: ['app:1'], platforms: [] }))
    assert.equal((await row(cache, 'app'))?.pinned, false)
    const { items } = await apiOf(cache).get('/repositories', { q: 'library/app' })
    assert.deepEqual(
      items.map(({ name }) => name),
      ['docker.io/library/app'],
    )
    const { items: below } = await apiOf(cache).get('/tree', { path: 'docker.io/library' })
    assert.deepEqual(
      below.map(({ label }) => label),
      ['app'],
    )
    await apiOf(cache).put('/pins', { match: ['app:1'] })
    assert.equal((await row(cache, 'app'))?.pinned, true)
    await apiOf(cache).del('/pins', { match: ['app:1'] })
    assert.equal((await row(cache, 'app'))?.pinned, false)
    hub.untag('library/app', '1')
    await apiOf(cache).post('/check', { names: ['app:1'] })
    assert.notEqual((await row(cache, 'app'))?.goneAt, undefined)
    hub.tag('library/app', '1', app.manifest.digest)
    await apiOf(cache).post('/check', { names: ['app:1'] })
    assert.equal((await row(cache, 'app'))?.goneAt, undefined)
    const { id } = await evict(cache, ['app:1'])
    assert.equal(await row(cache, 'app'), undefined)
    // Others look meanwhile, and pages are made of what was without it.
    await runOne(cache)
    assert.equal(await row(cache, 'app'), undefined)
    await apiOf(cache).post('/undo', { id })
    assert.equal((await row(cache, 'app'))?.state, 'complete')
    assert.equal((await select(cache, 'library/*')).images.length, 2)
  })

  test('what a list to prefetch or an archive brought', async (t) => {
    const { cache } = await startLarge(t)
    await runOne(cache)
    assert.equal((await row(cache, 'listed'))?.state, 'complete')
    const { body } = await exportOf(cache, 'listed:1')
    await bring(cache, body, { as: 'docker.io/library/app:1' })
    assert.equal((await row(cache, 'app'))?.state, 'complete')
  })
})
