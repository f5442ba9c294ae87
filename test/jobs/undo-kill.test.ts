import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiClient, ApiFailure, connectApi } from '../../src/api/client.ts'
import { socketAddress } from '../../src/api/socket.ts'
import { nameRows } from '../api/evict-support.ts'
import { createRandom, pick, type Random } from '../e2e/kill-random.ts'
import { createServerOn } from '../e2e/process.ts'
import { assertStoreSound, blobPath, eventually, manifestPath } from '../e2e/support.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { buildLayer } from '../support/oci-image.ts'
import { tempDir } from '../support/temp.ts'
import { du } from './support.ts'

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 8)
const IMAGES = 12

const DEEDS: readonly ((api: ApiClient, random: Random) => Promise<unknown>)[] = [
  evictSome,
  evictSome,
  evictSome,
  async (api, random) => {
    const open = (await api.get('/evictions', {})).items.filter(({ undoUntil }) => undoUntil !== undefined)
    if (open.length > 0) await api.post('/undo', { id: pick(random, open).id })
  },
]

async function evictSome(api: ApiClient, random: Random): Promise<void> {
  const names = Array.from({ length: 4 }, () => `app-${Math.floor(random() * IMAGES)}`)
  const { previewId, count } = await api.post('/selection', { names })
  if (count > 0) await api.post('/evict', { previewId, mode: 'undo' })
}

test('killed while it evicts and undoes: in the end everything comes back as it was', async (t) => {
  const seed = Number(process.env['CACHALOT_SEED'] ?? Date.now() % 1_000_000)
  t.diagnostic(`CACHALOT_SEED=${seed}`)
  const hub = await startFakeUpstream()
  const server = await createServerOn(await tempDir(t), hub)
  const address = socketAddress(server.dataDir)
  t.after(async () => {
    await server.kill()
    address.release()
    await hub.close()
    if (!t.passed) t.diagnostic(server.output().slice(-3000))
  })
  const api = connectApi(address.path)
  const base = buildLayer(200_000)
  const images = Array.from({ length: IMAGES }, (_, i) =>
    hub.addImage(`library/app-${i}`, { tags: ['1', '2'], layers: [base, 20_000, 30_000] }),
  )
  await server.start()
  for (const [i, image] of images.entries()) {
    for (const tag of ['1', '2']) await fetchAll(server.url + manifestPath(tag, `library/app-${i}`))
    for (const { digest } of [image.config, ...image.layers])
      await fetchAll(server.url + blobPath(digest, `library/app-${i}`))
  }
  await server.stop()
  const names = nameRows(server.dataDir)
  const bytes = await du(server.dataDir)

  for (let round = 0; round < ROUNDS; round++) {
    const random = createRandom(seed + round)
    await server.start()
    const working = work(api, random)
    await sleep(random() * 60)
    await server.kill()
    await working
    assert.equal(await du(server.dataDir), bytes, `after round ${round}`)
  }
  await server.start()
  for (const { id } of (await api.get('/evictions', {})).items) await api.post('/undo', { id })
  assert.deepEqual(nameRows(server.dataDir), names)
  await evictSome(api, createRandom(seed))
  const freed = await api.post('/evictions/free', {})
  assert.ok(freed.bytes > 0)
  await eventually('used is what du says', async () => {
    const { disk } = await api.get('/stats', {})
    return disk.used === (await du(server.dataDir)) && disk.used === bytes - freed.bytes
  })
  await assertStoreSound(server.dataDir)
})

/** Until the server is gone. */
async function work(api: ApiClient, random: Random): Promise<void> {
  for (;;) {
    try {
      await pick(random, DEEDS)(api, random)
    } catch (error) {
      assert.ok(error instanceof ApiFailure, String(error))
      if (error.code === 'cut') return
      assert.equal(error.code, 'not_found', error.message)
    }
  }
}
