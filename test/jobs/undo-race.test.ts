import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiFailure } from '../../src/api/client.ts'
import { evict } from '../api/evict-support.ts'
import { createRandom, pick } from '../e2e/kill-random.ts'
import {
  assertNoParts,
  assertStoreSound,
  assertWhole,
  eventually,
  KIB,
  MIB,
  manifestPath,
} from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { buildLayer } from '../support/oci-image.ts'
import { apiOf, du, gc, pullImage } from './support.ts'

const MAX = 6 * MIB
const IMAGES = 16
const DEEDS = 120

test('evicting, undoing, freeing, cleaning up and pulling at once: bytes stay in bounds and are counted', async (t) => {
  const seed = Number(process.env['CACHALOT_SEED'] ?? Date.now() % 1_000_000)
  t.diagnostic(`CACHALOT_SEED=${seed}`)
  const { hub, cache } = await startPair(t, { config: { storage: { max_size: String(MAX) } } })
  const api = apiOf(cache)
  const base = [buildLayer(300 * KIB), buildLayer(200 * KIB)]
  const images = Array.from({ length: IMAGES }, (_, i) => {
    const own = [base[i % 2] ?? 0, 400 * KIB + i * 10 * KIB]
    return { name: `library/app-${i}`, image: hub.addImage(`library/app-${i}`, { tags: ['1'], layers: own }) }
  })
  const counts = { undone: 0, evicted: 0 }
  const openOnes = async () =>
    (await api.get('/evictions', {})).items.filter(({ undoUntil }) => undoUntil !== undefined)
  const doOne = async (random: () => number): Promise<void> => {
    const { name, image } = pick(random, images)
    const dice = random()
    if (dice < 0.45) {
      const answer = await cache.fetch(manifestPath('1', name))
      assertWhole(answer, image.manifest)
      await pullImage(cache, image, { repo: name, tag: '1' })
    } else if (dice < 0.7) {
      counts.evicted += (await evict(cache, [`${name}:1`, pick(random, images).name], 'undo')).images
    } else if (dice < 0.85) {
      const [one] = await openOnes()
      if (one !== undefined) counts.undone += (await api.post('/undo', { id: one.id })).images
    } else if (dice < 0.9) await api.post('/evictions/free', {})
    else if (dice < 0.95) await evict(cache, [name], 'now')
    else await gc(cache, { free: MIB, grace: 0 })
  }
  const worker = async (who: number): Promise<void> => {
    const random = createRandom(seed + who)
    for (let n = 0; n < DEEDS / 3; n++) {
      try {
        await doOne(random)
      } catch (error) {
        assert.ok(error instanceof ApiFailure && ['not_found', 'busy'].includes(error.code), String(error))
      }
      assert.ok((await du(cache.dataDir)) <= MAX)
    }
  }
  await Promise.all([worker(1), worker(2), worker(3)])
  t.diagnostic(JSON.stringify(counts))
  assert.ok(counts.evicted > 0 && counts.undone > 0)
  await assertNoParts(cache.dataDir)
  await eventually('used is what du says', async () => {
    const { disk } = await api.get('/stats', {})
    return disk.used === (await du(cache.dataDir)) && disk.reserved === 0
  })
  await assertStoreSound(cache.dataDir)
  for (const { name, image } of images) await pullImage(cache, image, { repo: name, tag: '1' })
})
