import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { describe, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import { fetchAll } from '../support/http.ts'
import { openRaw, request } from './raw.ts'

describe('a server that stops', () => {
  test('ends the answers that run, and takes no new connections', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('library/app', { seed: 21, size: 1_500_000 })
    hub.bandwidth = 3_000_000
    const running = await cache.open(`/v2/app/blobs/${digest}`)
    await running.read(1000)
    const closed = cache.close(20_000)
    const refused = await fetchAll(cache.url, { path: '/v2/' })
    assert.equal(refused.status, 0)
    assert.match(String(refused.error), /ECONNREFUSED/)
    assert.deepEqual(await running.rest(), { complete: true, bytes: 1_500_000, digest })
    await closed
  })

  test('cuts what is not done when its patience ends', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('library/app', { seed: 22, size: 50_000_000 })
    hub.bandwidth = 1_000_000
    const running = await cache.open(`/v2/app/blobs/${digest}`)
    await running.read(1000)
    await cache.close(100)
    const { complete, bytes } = await running.rest()
    assert.equal(complete, false)
    assert.ok(bytes < 50_000_000)
  })

  test('waits for nobody who is not waiting for it', async (t) => {
    const { cache } = await startPair(t)
    const agent = new Agent({ keepAlive: true })
    t.after(() => agent.destroy())
    assert.equal((await cache.fetch('/v2/', { agent })).status, 200)
    const silent = await openRaw(cache.port)
    const half = await openRaw(cache.port)
    half.write(request('/v2/').slice(0, 20))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const started = performance.now()
    await cache.close(30_000)
    const took = performance.now() - started
    for (const socket of [silent, half]) socket.destroy()
    assert.ok(took < 10_000, `it took ${Math.round(took)} ms`)
  })

  test('answers again, from what it kept, when it is started again', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest, config } = hub.addImage('library/app', { tags: ['1'] })
    await cache.fetch('/v2/app/manifests/1')
    await cache.fetch(`/v2/app/blobs/${config.digest}`)
    await hub.stop()
    await cache.restart()
    assert.deepEqual((await cache.fetch('/v2/app/manifests/1')).body, manifest.bytes)
    assert.deepEqual((await cache.fetch(`/v2/app/blobs/${config.digest}`)).body, config.bytes)
  })

  test('keeps what a download had, and goes on from there', async (t) => {
    const { hub, cache } = await startPair(t)
    const size = 8_000_000
    const { digest } = hub.addBlob('library/app', { seed: 23, size })
    hub.bandwidth = 4_000_000
    const first = await cache.open(`/v2/app/blobs/${digest}`)
    await first.read(2_000_000)
    await cache.restart()
    first.destroy()
    hub.bandwidth = undefined
    const again = await cache.open(`/v2/app/blobs/${digest}`)
    assert.deepEqual(await again.rest(), { complete: true, bytes: size, digest })
    const [, second] = hub.requests.list({ kind: 'blob' })
    assert.match(String(second?.range), /^bytes=\d{6,}-$/)
  })
})
