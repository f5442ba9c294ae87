import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DAY } from '../../src/domain/clock.ts'
import type { Digest } from '../../src/domain/digest.ts'
import { blobPath, blobRows, eventually, manifestPath } from '../e2e/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { costOf, listOf, rowsOf, runOne } from './prefetch-support.ts'
import { apiOf, pullImage } from './support.ts'

/** What a client gets of a tag of library/app: its digest, and whether all below it comes. */
async function pullOf(cache: Cachalot, tag = '1'): Promise<{ digest: unknown; statuses: readonly number[] }> {
  const answer = await cache.fetch(manifestPath(tag))
  const below = answer.status === 200 ? await below200(cache, answer.body) : []
  const statuses = [answer.status, ...below].filter((status, at, all) => all.indexOf(status) === at)
  return { digest: answer.headers['docker-content-digest'], statuses }
}

interface Shape {
  readonly manifests?: readonly { digest: Digest; platform: { architecture: string } }[]
  readonly layers?: readonly { digest: Digest }[]
}

async function below200(cache: Cachalot, body: Buffer): Promise<readonly number[]> {
  // Manifests of the fake, which are sound.
  const { manifests, layers = [] } = JSON.parse(body.toString()) as Shape
  const child = manifests?.find(({ platform }) => platform.architecture === 'amd64')
  if (child !== undefined) {
    const answer = await cache.fetch(manifestPath(child.digest))
    return answer.status === 200 ? [200, ...(await below200(cache, answer.body))] : [answer.status]
  }
  const statuses: number[] = []
  for (const { digest } of layers) statuses.push((await cache.fetch(blobPath(digest))).status)
  return statuses
}

suite('where tags of a list lead', () => {
  test('one that moved to what is here already leads there when the upstream is down', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { ...listOf(['app:stable']), clock })
    hub.addImage('library/app', { tags: ['stable'] })
    assert.equal((await runOne(cache)).fetched, 1)
    const next = hub.addImage('library/app', { tags: ['1.5'] })
    await pullImage(cache, next, { repo: 'library/app', tag: '1.5' })
    await eventually('it landed', () =>
      [next.config, ...next.layers].every(({ digest }) => blobRows(cache.dataDir).has(digest)),
    )
    hub.putImage('library/app', next, ['stable'])
    clock.advance(DAY)
    const report = await runOne(cache)
    assert.deepEqual([rowsOf(report), report.pulls, report.bytes], [['fetched app:stable'], 0, 0])
    assert.equal((await runOne(cache)).unchanged, 1)
    await hub.stop()
    assert.deepEqual(await pullOf(cache, 'stable'), { digest: next.manifest.digest, statuses: [200] })
  })

  test('a new one of an image that is here is known from then on, and costs no pull', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { ...listOf(['app:*']), clock })
    const image = hub.addImage('library/app', { tags: ['1'] })
    assert.equal((await runOne(cache)).fetched, 1)
    hub.putImage('library/app', image, ['2'])
    clock.advance(DAY)
    hub.requests.clear()
    const report = await runOne(cache)
    assert.deepEqual([report.unchanged, rowsOf(report), report.pulls], [1, ['fetched app:2'], 0])
    assert.deepEqual(costOf(hub), { pulls: 0, blobs: 0 })
    await hub.stop()
    assert.deepEqual(await pullOf(cache, '2'), { digest: image.manifest.digest, statuses: [200] })
    const { items } = await apiOf(cache).get('/images', { filter: 'docker.io' })
    assert.ok(items.every(({ pulls }) => pulls <= 1))
  })

  test('four tags of one image cost its pulls once', async (t) => {
    const { hub, cache } = await startPair(t, {
      ...listOf(['app:*'], { keep_pulls: '98' }),
      fake: { rateLimit: { limit: 100, remaining: 100, window: 21_600 } },
    })
    hub.addIndex('library/app', { tags: ['3', '3.22', '3.22.1', 'latest'] })
    const report = await runOne(cache)
    assert.deepEqual([report.fetched, report.pulls, hub.rateLimit?.remaining], [4, 2, 98])
    assert.equal((await runOne(cache)).unchanged, 4)
  })

  test('no new tag of a known manifest goes below the floor', async (t) => {
    const { hub, cache } = await startPair(t, {
      ...listOf(['app:1', 'app:2', 'app:3'], { keep_pulls: '20' }),
      fake: { rateLimit: { limit: 100, remaining: 21, window: 21_600 } },
    })
    hub.addImage('library/app', { tags: ['0', '1', '2', '3'] })
    await cache.fetch(manifestPath('0'))
    assert.equal(hub.rateLimit?.remaining, 20)
    const dry = await runOne(cache, true)
    assert.deepEqual([dry.fetched, dry.pulls], [3, 0])
    const report = await runOne(cache)
    assert.deepEqual([report.fetched, report.pulls], [3, 0])
    assert.equal(hub.rateLimit?.remaining, 20)
  })

  test('one that moved to what does not fit goes on to lead to what is here', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: {
        ...listOf(['app:1', 'b:1']).config,
        storage: { max_size: '2MB', evict_to: '90%' },
      },
    })
    const old = hub.addImage('library/app', { tags: ['1'], layers: [100_000] })
    hub.addImage('library/b', { tags: ['1'], layers: [500_000] })
    assert.equal((await runOne(cache)).fetched, 2)
    hub.addImage('library/app', { tags: ['1'], layers: [600_000] })
    clock.advance(DAY)
    assert.deepEqual(rowsOf(await runOne(cache)), ['left app:1'])
    await hub.stop()
    clock.advance(DAY)
    assert.deepEqual(await pullOf(cache), { digest: old.manifest.digest, statuses: [200] })
  })

  test('so does one of whose new image a layer does not come', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock, ...listOf(['app:1']) })
    const old = hub.addIndex('library/app', { tags: ['1'] })
    assert.equal((await runOne(cache)).fetched, 1)
    hub.addIndex('library/app', { tags: ['1'] })
    hub.faults.add({ when: { kind: 'blob', repo: 'library/app' }, fault: { status: 500 } })
    clock.advance(DAY)
    assert.deepEqual(rowsOf(await runOne(cache)), ['failed app:1'])
    await hub.stop()
    clock.advance(DAY)
    assert.deepEqual(await pullOf(cache), { digest: old.manifest.digest, statuses: [200] })
  })
})
