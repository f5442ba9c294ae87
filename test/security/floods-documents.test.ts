import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { assertNoParts, blobFiles, digestOf, MIB, manifestPath } from '../e2e/support.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { MEDIA } from '../support/oci-media.ts'
import { answer, pour, rowCounts, type Script, startScripted } from './incoming-support.ts'

const ZERO = `sha256:${'0'.repeat(64)}`
/** What lies in sockets and buffers when one side hangs up. */
const ON_THE_WAY = 12 * MIB

async function startBehind(t: TestContext, script: Script) {
  const upstream = await startScripted(t, script)
  const cache = await startCachalot(t, { hub: upstream })
  return { upstream, cache }
}

const head = (type: string, ...headers: readonly string[]): string =>
  ['HTTP/1.1 200 OK', `Content-Type: ${type}`, ...headers, '', ''].join('\r\n')

/** Paths of documents that are read into memory, and how much of them is. */
const DOCUMENTS: Readonly<Record<string, number>> = {
  [manifestPath('1')]: 4 * MIB,
  [manifestPath(ZERO)]: 4 * MIB,
  '/v2/library/app/tags/list': 32 * MIB,
  [`/v2/library/app/referrers/${ZERO}`]: 32 * MIB,
}

/** SEC-29 */
suite('a document without end', () => {
  for (const [path, limit] of Object.entries(DOCUMENTS)) {
    for (const framing of [
      'Content-Length: 10995116277760',
      'Transfer-Encoding: chunked',
      'Connection: close',
    ]) {
      test(`is read to its limit and no further: ${path.slice(0, 40)}, ${framing}`, async (t) => {
        const piece = Buffer.alloc(65_536, 32)
        const { upstream, cache } = await startBehind(t, (_, socket) => {
          socket.write(head(MEDIA.manifest, framing))
          const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')])
          pour(socket, framing.endsWith('chunked') ? chunk : piece)
          return undefined
        })
        const { status } = await cache.fetch(path)
        assert.ok(status === 413 || status === 502, `${status}`)
        const sent = upstream.bytesSent()
        assert.ok(sent <= (limit + ON_THE_WAY) * upstream.accepted(), `${sent} bytes were taken`)
        assert.ok(upstream.accepted() <= 2)
        assert.deepEqual([await blobFiles(cache.dataDir), rowCounts(cache.dataDir)['blobs']], [[], 0])
        await assertNoParts(cache.dataDir)
      })
    }
  }

  test('is too large when it is one byte too large, and not before', async (t) => {
    const { hub, cache } = await startPair(t, { config: { limits: { max_manifest: '100KiB' } } })
    const text = (size: number): Buffer => Buffer.from(`{"schemaVersion":2,"x":"${'x'.repeat(size - 26)}"}`)
    for (const [size, status] of [
      [102_400, 200],
      [102_401, 413],
    ] as const) {
      const bytes = text(size)
      assert.equal(bytes.length, size)
      hub.addManifest('library/app', { bytes, mediaType: MEDIA.manifest, tags: [`s${size}`] })
      assert.equal((await cache.fetch(manifestPath(`s${size}`))).status, status)
      assert.equal((await cache.fetch(manifestPath(digestOf(bytes)))).status, status)
    }
  })
})

/** A thousand times as much in the hands of whoever opens it. */
const BOMB = gzipSync(Buffer.alloc(64 * MIB), { level: 9 })

/** SEC-32 */
suite('an answer that grows when it is unpacked', () => {
  const paths = [...Object.keys(DOCUMENTS), `/v2/library/app/blobs/${ZERO}`]
  for (const coding of ['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'gzip, gzip', 'identity, gzip', 'GZIP']) {
    test(`is refused unread (${coding})`, async (t) => {
      const { upstream, cache } = await startBehind(t, () =>
        answer(200, BOMB, [`Content-Type: ${MEDIA.manifest}`, `Content-Encoding: ${coding}`]),
      )
      const before = process.memoryUsage().arrayBuffers
      for (const path of paths) assert.equal((await cache.fetch(path)).status, 502, path)
      assert.ok(upstream.asked.every(({ head: asked }) => /\r\naccept-encoding: identity\b/i.test(asked)))
      const grown = process.memoryUsage().arrayBuffers - before
      assert.ok(grown < 16 * MIB, `${grown} bytes`)
      assert.deepEqual(await blobFiles(cache.dataDir), [])
    })
  }

  test('is refused as a token, and unread as an error', async (t) => {
    const { upstream, cache } = await startBehind(t, ({ target }): Buffer => {
      const packed = ['Content-Type: application/json', 'Content-Encoding: gzip']
      if (target.startsWith('/token')) return answer(200, BOMB, packed)
      const challenge = `WWW-Authenticate: Bearer realm="${upstream.url}/token",service="x"`
      return answer(target.includes('denied') ? 403 : 401, BOMB, [...packed, challenge])
    })
    const before = process.memoryUsage().arrayBuffers
    for (const tag of ['denied', 'challenged']) {
      const { status, body } = await cache.fetch(manifestPath(tag))
      assert.ok(status >= 400, `${status}`)
      assert.ok(body.length < 2000)
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 * MIB)
  })

  test('is bytes like any others where nothing says that it is packed', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('library/app', BOMB)
    for (let round = 0; round < 2; round++) {
      const found = await cache.fetch(`/v2/library/app/blobs/${digest}`, {
        headers: { 'accept-encoding': 'gzip' },
      })
      assert.equal(found.headers['content-encoding'], undefined)
      assert.ok(found.body.equals(BOMB))
    }
  })
})

/** SEC-26 */
suite('pages without end', () => {
  const index = (n: number): string =>
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: MEDIA.manifest, digest: ZERO, size: n }] })

  test('of referrers are read up to a hundred, and each leads to our list alone', async (t) => {
    const { upstream, cache } = await startBehind(t, ({ n }) =>
      answer(200, index(n), [`Link: </v2/elsewhere/${n}?page=${n}>; rel="next"`]),
    )
    const found = await cache.fetch(`/v2/library/app/referrers/${ZERO}`)
    assert.equal(found.status, 200)
    assert.equal(JSON.parse(found.body.toString()).manifests.length, 100)
    assert.equal(upstream.asked.length, 100)
    for (const { target } of upstream.asked)
      assert.ok(target.startsWith(`/v2/library/app/referrers/${ZERO}`), target)
  })

  test('of referrers are read up to 64 MiB', async (t) => {
    const large = JSON.stringify({ schemaVersion: 2, manifests: [], x: 'x'.repeat(20 * MIB) })
    const { upstream, cache } = await startBehind(t, ({ n }) =>
      answer(200, large, [`Link: <?page=${n}>; rel="next"`]),
    )
    assert.equal((await cache.fetch(`/v2/library/app/referrers/${ZERO}`)).status, 200)
    assert.equal(upstream.asked.length, 4)
  })

  test('of tags cost one question each, which the client asks', async (t) => {
    const { upstream, cache } = await startBehind(t, ({ n }) =>
      answer(200, JSON.stringify({ name: 'library/app', tags: [`t${n}`] }), [
        `Link: <?last=t${n}>; rel="next"`,
      ]),
    )
    for (let n = 1; n <= 5; n++) {
      const { headers } = await cache.fetch(
        n === 1 ? '/v2/library/app/tags/list' : `/v2/library/app/tags/list?last=t${n - 1}`,
      )
      assert.equal(headers.link, `</v2/library/app/tags/list?last=t${n}>; rel="next"`)
      assert.equal(upstream.asked.length, n)
    }
  })
})
