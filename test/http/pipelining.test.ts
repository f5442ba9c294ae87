import assert from 'node:assert/strict'
import { readdir, readlink } from 'node:fs/promises'
import { describe, type TestContext, test } from 'node:test'
import { assertNoParts, eventually } from '../e2e/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import { openRaw, request } from './raw.ts'

/** Descriptors of this process that are open on finished blobs of the cache. */
async function openBlobs(dataDir: string): Promise<number> {
  const fds = await readdir('/proc/self/fd')
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return links.filter((link) => link.startsWith(`${dataDir}/blobs/`)).length
}

describe('requests that are sent without waiting for answers', () => {
  test('are answered in order, each whole', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    const { digest, content } = hub.addBlob('library/app', { seed: 7, size: 900_000 })
    const targets = ['/v2/', '/v2/library/app/manifests/1', '/healthz', `/v2/library/app/blobs/${digest}`]
    const socket = await openRaw(cache.port)
    const rounds = 3
    socket.write(
      Array(rounds)
        .fill(targets.map((target) => request(target)).join(''))
        .join(''),
    )
    socket.write(request('/v2/', ['Connection: close']))
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await new Promise((resolve) => socket.once('close', resolve))
    const got = Buffer.concat(chunks).toString('latin1')
    const bodies = [
      '{}',
      manifest.bytes.toString('latin1'),
      undefined,
      contentBytes(content).toString('latin1'),
    ]
    const wanted = [...Array.from({ length: rounds }, () => bodies).flat(), '{}']
    assert.deepEqual(
      answersIn(got).map((body, i) => (wanted[i] === undefined ? undefined : body === wanted[i])),
      wanted.map((body) => (body === undefined ? undefined : true)),
    )
  })

  async function cachedBlob(t: TestContext): Promise<{ cache: Cachalot; path: string }> {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('library/app', { seed: 8, size: 20_000_000 })
    const path = `/v2/library/app/blobs/${digest}`
    await cache.fetch(path)
    await assertNoParts(cache.dataDir)
    return { cache, path }
  }

  test('10 of them open 1 file, and none once the client left', async (t) => {
    const { cache, path } = await cachedBlob(t)
    const socket = await openRaw(cache.port)
    socket.pause()
    socket.write(request(path).repeat(10))
    await eventually('what may be opened is open', async () => (await openBlobs(cache.dataDir)) === 1)
    assert.equal((await cache.fetch('/v2/')).status, 200)
    assert.equal(await openBlobs(cache.dataDir), 1)
    socket.destroy()
    await eventually('nothing is open', async () => (await openBlobs(cache.dataDir)) === 0)
  })

  test('2000 of them end the connection, and leave no file open', async (t) => {
    const { cache, path } = await cachedBlob(t)
    const socket = await openRaw(cache.port)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    socket.write(request(path).repeat(2000))
    await closed
    // The first of them may have been on its way to its file.
    await eventually('nothing is open', async () => (await openBlobs(cache.dataDir)) === 0)
    assert.equal((await cache.fetch('/v2/')).status, 200)
  })

  test('too many at once end the connection, and nobody else suffers', async (t) => {
    const { cache } = await startPair(t)
    const socket = await openRaw(cache.port)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    socket.write(request('/healthz').repeat(500))
    await closed
    assert.equal((await cache.fetch('/v2/')).status, 200)
  })

  test('behind an answer that ends the connection are not served', async (t) => {
    const { hub, cache } = await startPair(t)
    const socket = await openRaw(cache.port)
    socket.resume()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const last = request('/v2/', ['Connection: close'])
    socket.write(`${last}${request('/v2/library/app/manifests/1')}`)
    await closed
    assert.equal(hub.requests.count(), 0)
  })
})

/** Bodies of answers that follow each other, all with a Content-Length. */
function answersIn(text: string): string[] {
  const bodies: string[] = []
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at) + 4
    const length = Number(/content-length: (\d+)/i.exec(text.slice(at, end))?.[1])
    assert.match(text.slice(at, end), /^HTTP\/1\.1 200 /)
    bodies.push(text.slice(end, end + length))
    at = end + length
  }
  return bodies
}
