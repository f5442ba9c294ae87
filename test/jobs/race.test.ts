import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  assertNoParts,
  assertStoreSound,
  blobPath,
  digestOf,
  KIB,
  MIB,
  manifestPath,
} from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { apiOf, du, gc, verify } from './support.ts'

/** A minute, and less where somebody waits for it. */
const LENGTH = Number(process.env['RACE_SECONDS'] ?? 60) * 1000
const BUDGET = 12 * MIB

/** Repeatable, so that a failure can be looked at again with its seed. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

test('pulls at random go on, right to the last byte, while everything is collected around them', async (t) => {
  const seed = Number(process.env['RACE_SEED'] ?? Math.trunc(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const { hub, cache } = await startPair(t, {
    config: {
      storage: { max_size: `${BUDGET}`, evict_to: '60%' },
      limits: { requests: '0' },
      cache: { tag_ttl: '0' },
    },
  })
  const images = Array.from({ length: 12 }, (_, i) =>
    hub.addImage(`library/app${i % 4}`, { tags: [`${i}`], layers: [400 * KIB + i, (i % 5) * 300 * KIB + 1] }),
  )
  const until = performance.now() + LENGTH
  const isOver = (): boolean => performance.now() > until
  let pulls = 0

  const pullOne = async (): Promise<void> => {
    const which = Math.trunc(random() * images.length)
    const image = images[which]
    assert.ok(image)
    const repo = `library/app${which % 4}`
    const manifest = await cache.fetch(manifestPath(`${which}`, repo))
    assert.equal(manifest.status, 200, manifest.body.toString())
    assert.equal(digestOf(manifest.body), image.manifest.digest)
    for (const blob of [image.config, ...image.layers]) {
      const leaves = random() < 0.1
      if (leaves) (await cache.open(blobPath(blob.digest, repo))).destroy()
      else {
        const answer = await cache.fetch(blobPath(blob.digest, repo))
        assert.equal(answer.status, 200, answer.body.subarray(0, 200).toString())
        assert.ok(answer.complete)
        assert.equal(digestOf(answer.body), blob.digest)
      }
    }
    pulls++
  }
  const pullers = Array.from({ length: 6 }, async () => {
    while (!isOver()) await pullOne()
  })
  const collector = (async () => {
    while (!isOver()) {
      await gc(cache, random() < 0.5 ? { to: 0, grace: 0 } : { free: MIB, grace: 0 })
      if (random() < 0.2) assert.deepEqual((await verify(cache)).problems, [])
      if (random() < 0.3) {
        const which = Math.trunc(random() * images.length)
        await apiOf(cache).post('/remove', { names: [`app${which % 4}:${which}`], dryRun: false })
      }
      await sleep(random() * 30)
    }
  })()
  const watcher = (async () => {
    while (!isOver()) {
      const bytes = await du(cache.dataDir)
      assert.ok(bytes <= BUDGET, `${bytes} bytes on disk`)
      await sleep(20)
    }
  })()
  await Promise.all([...pullers, collector, watcher])
  assert.ok(pulls > 20, `${pulls} pulls`)
  await assertNoParts(cache.dataDir)
  await assertStoreSound(cache.dataDir)
  const { disk } = await apiOf(cache).get('/stats', {})
  assert.equal(disk.used, await du(cache.dataDir), 'what it thinks is there is there')
  assert.equal(disk.reserved, 0)
  t.diagnostic(`${pulls} images pulled`)
})
