import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { MIB } from '../../src/domain/units.ts'
import { contentBytes } from '../support/fake-content.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll, openStream } from '../support/http.ts'

async function setUp(t: TestContext, size = 8 * MIB) {
  const hub = await startFakeUpstream()
  t.after(() => hub.close())
  const blob = hub.addBlob('a', { size, seed: 21 })
  return { hub, blob, url: `${hub.url}/v2/a/blobs/${blob.digest}` }
}

void describe('fetchAll', () => {
  void it('gives status, headers as sent, body and completeness', async (t) => {
    const { url, blob } = await setUp(t, 1000)
    const got = await fetchAll(url)
    assert.equal(got.status, 200)
    assert.ok(got.rawHeaders.includes('Docker-Content-Digest'))
    assert.equal(digestOf(got.body), blob.digest)
    assert.equal(got.complete, true)
    assert.equal(got.error, undefined)
    assert.ok(got.firstByteMs > 0)
  })

  void it('sends the path as it is written', async (t) => {
    const { hub } = await setUp(t, 1)
    const path = '/v2/a/../../b%2Fc/./%2e%2e//d?x=%20#'
    await fetchAll(hub.url + path, { lint: false })
    await fetchAll(hub.url, { path: `${path}y`, lint: false })
    assert.deepEqual(
      hub.requests.list().map((r) => `${r.path}?${r.query}`),
      [path, `${path}y`],
    )
  })

  void it('sends repeated headers, another method and a body', async (t) => {
    const { hub } = await setUp(t, 1)
    await fetchAll(`${hub.url}/x`, { method: 'POST', headers: { accept: ['a/b', 'c/d'] }, body: 'hello' })
    const [record] = hub.requests.list()
    assert.deepEqual([record?.method, record?.headers.accept], ['POST', 'a/b, c/d'])
    assert.equal(record?.headers['content-length'], '5')
  })

  void it('reports a cut body and a refused connection instead of throwing', async (t) => {
    const { hub, url } = await setUp(t)
    hub.faults.add({ times: 1, fault: { truncateAfter: 5000 } })
    const cut = await fetchAll(url)
    assert.deepEqual([cut.status, cut.complete, cut.body.length], [200, false, 5000])
    assert.ok(cut.error)
    await hub.close()
    const refused = await fetchAll(url)
    assert.deepEqual([refused.status, refused.complete], [0, false])
    assert.ok(refused.error)
  })

  void it('judges what it gets under /v2/ unless told not to', async (t) => {
    const { hub, url } = await setUp(t, 1000)
    hub.faults.add({ fault: { corruptAt: 1, headers: { 'Docker-Distribution-API-Version': null } } })
    await assert.rejects(fetchAll(url), /Docker-Content-Digest is[^]*API-Version is missing/)
    assert.equal((await fetchAll(url, { lint: false })).status, 200)
    await assert.rejects(fetchAll(`${hub.cdnUrl}/x`, { lint: true }), /broke rules/)
    assert.equal((await fetchAll(`${hub.cdnUrl}/x`)).status, 403)
  })
})

void describe('openStream', () => {
  void it('reads as much as is asked for, then the rest, and names what it read', async (t) => {
    const { url, blob } = await setUp(t)
    const stream = await openStream(url)
    assert.equal(stream.status, 200)
    assert.equal(stream.headers['content-length'], String(blob.size))
    assert.deepEqual(await stream.read(10), contentBytes(blob.content, 0, 10))
    assert.deepEqual(await stream.read(3 * MIB), contentBytes(blob.content, 10, 3 * MIB + 10))
    assert.deepEqual(await stream.rest(), { complete: true, bytes: blob.size, digest: blob.digest })
  })

  void it('gives fewer bytes at the end and none after it', async (t) => {
    const { url } = await setUp(t, 100)
    const stream = await openStream(url)
    assert.equal((await stream.read(60)).length, 60)
    assert.equal((await stream.read(60)).length, 40)
    assert.equal((await stream.read(60)).length, 0)
    assert.equal((await stream.rest()).complete, true)
  })

  void it('holds the sender up while it does not read', async (t) => {
    const { hub, url } = await setUp(t, 256 * MIB)
    const stream = await openStream(url)
    await stream.read(1)
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(hub.requests.bytes() < 64 * MIB)
    stream.destroy()
    assert.equal((await hub.requests.waitFor((r) => r.closed)).finished, false)
  })

  void it('reports a cut body as what was read and not complete', async (t) => {
    const { hub, url } = await setUp(t)
    hub.faults.add({ fault: { resetAfter: 5000 } })
    const stream = await openStream(url)
    assert.equal((await stream.read(10_000)).length, 5000)
    const end = await stream.rest()
    assert.deepEqual([end.complete, end.bytes], [false, 5000])
  })

  void it('rejects when no answer comes', async (t) => {
    const { hub, url } = await setUp(t, 1)
    await hub.close()
    await assert.rejects(openStream(url), { code: 'ECONNREFUSED' })
  })
})
