import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { blobFiles, blobRows } from '../e2e/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import { type Handler, serve, serveRaw } from '../upstream/support.ts'
import {
  answerImage,
  BLOB,
  guarded,
  MANIFEST,
  MANIFEST_TYPE,
  PATHS,
  saidWith,
  startCache,
} from './support.ts'

const MIB = 1024 * 1024
const CRLF = '\r\n'

const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join(CRLF)
const chunked = (body: string): string => `${body.length.toString(16)}${CRLF}${body}${CRLF}0${CRLF}${CRLF}`

/** Answers whose body is the right one, in a frame that is not. */
const FRAMES: Readonly<Record<string, (body: string) => string>> = {
  'two lengths': (b) => head(`Content-Length: ${b.length}`, `Content-Length: ${b.length + 1}`) + b,
  'the same length twice in one': (b) => head(`Content-Length: ${b.length}, ${b.length}`) + b,
  'a length and chunks': (b) =>
    head(`Content-Length: ${b.length}`, 'Transfer-Encoding: chunked') + chunked(b),
  'chunks and a length': (b) =>
    head('Transfer-Encoding: chunked', `Content-Length: ${b.length}`) + chunked(b),
  'a negative length': (b) => head(`Content-Length: -${b.length}`) + b,
  'a signed length': (b) => head(`Content-Length: +${b.length}`) + b,
  'a hexadecimal length': (b) => head(`Content-Length: 0x${b.length.toString(16)}`) + b,
  'a length beyond counting': (b) => head('Content-Length: 99999999999999999999999') + b,
  'a space before the colon': (b) => head(`Content-Length : ${b.length}`) + b,
  'bare line feeds': (b) => head(`Content-Length: ${b.length}`).replaceAll(CRLF, '\n') + b,
  'a bare carriage return': (b) => head(`X: a\rContent-Length: 1`, `Content-Length: ${b.length}`) + b,
  'NUL in a header': (b) => head('X: a\0b', `Content-Length: ${b.length}`) + b,
  'a header of 64 KiB': (b) => head(`X: ${'x'.repeat(65_536)}`, `Content-Length: ${b.length}`) + b,
  '10,000 headers': (b) =>
    head(...Array.from({ length: 10_000 }, (_, i) => `X-${i}: y`), `Content-Length: ${b.length}`) + b,
  'chunks of a size that is no number': (b) =>
    `${head('Transfer-Encoding: chunked')}zz${CRLF}${b}${CRLF}0${CRLF}${CRLF}`,
  'another protocol': (b) => `ICY 200 OK${CRLF}Content-Length: ${b.length}${CRLF}${CRLF}${b}`,
}

/** A registry of nothing but a socket: answers with `broken` until told to answer well. */
async function openBroken(t: TestContext, broken: (body: string) => string) {
  const state = { well: false }
  const hub = await serveRaw(t, (socket) => {
    socket.on('data', (bytes: Buffer) => {
      const line = bytes.toString('latin1')
      const isBlob = line.includes('/blobs/')
      const body = (isBlob ? BLOB : MANIFEST).toString('latin1')
      const type = isBlob ? 'application/octet-stream' : MANIFEST_TYPE
      const good = head(`Content-Type: ${type}`, `Content-Length: ${body.length}`)
      const answer = state.well ? good + body : broken(body)
      socket.write(
        line.startsWith('HEAD') ? answer.slice(0, answer.indexOf('\r\n\r\n') + 4) : answer,
        'latin1',
      )
    })
  })
  return { state, cache: await startCache(t, hub.url) }
}

async function assertNothingKept(cache: Cachalot): Promise<void> {
  assert.equal(blobRows(cache.dataDir).size, 0)
  assert.deepEqual(await blobFiles(cache.dataDir), [])
}

describe('an answer in a broken frame is no answer, leaves nothing, and does not spoil the next:', () => {
  for (const [what, broken] of Object.entries(FRAMES)) {
    test(what, async (t) => {
      const { state, cache } = await openBroken(t, broken)
      const blob = await cache.fetch(PATHS.blob)
      assert.ok(blob.status !== 200 || !blob.complete, 'a whole blob')
      for (const path of [PATHS.digest, PATHS.manifest, PATHS.tags]) {
        const answer = await cache.fetch(path)
        assert.ok(answer.status >= 502 && answer.status <= 504, `${path}: ${answer.status}`)
      }
      await assertNothingKept(cache)
      state.well = true
      assert.ok((await cache.fetch(PATHS.blob)).body.equals(BLOB))
      assert.ok((await cache.fetch(PATHS.digest)).body.equals(MANIFEST))
    })
  }

  test('a second answer behind a first that is too short', async (t) => {
    const { state, cache } = await openBroken(
      t,
      (body) => `${head('Content-Length: 10')}${body.slice(0, 20)}${head('Content-Length: 3')}bad`,
    )
    assert.equal((await cache.fetch(PATHS.digest)).status, 502)
    const blob = await cache.fetch(PATHS.blob)
    assert.ok(blob.status !== 200 || !blob.complete)
    await assertNothingKept(cache)
    state.well = true
    for (let i = 0; i < 3; i++) {
      assert.ok((await cache.fetch(PATHS.blob)).body.equals(BLOB))
      assert.ok((await cache.fetch(PATHS.digest)).body.equals(MANIFEST))
    }
  })

  test('a folded header, which is never a header of its own', async (t) => {
    const { cache } = await openBroken(t, (body) => {
      const folded = [`X: a`, ' Content-Length: 3', ' Docker-Content-Digest: sha256:0']
      return head(...folded, `Content-Length: ${body.length}`) + body
    })
    for (const [path, whole] of [
      [PATHS.blob, BLOB],
      [PATHS.digest, MANIFEST],
    ] as const) {
      const answer = await cache.fetch(path)
      if (answer.status === 200) assert.ok(answer.body.equals(whole))
      else assert.equal(answer.status, 502)
    }
  })

  test('a transfer coding that we did not ask for', async (t) => {
    const packed = (body: string): string => gzipSync(Buffer.from(body, 'latin1')).toString('latin1')
    const { state, cache } = await openBroken(
      t,
      (body) => head('Transfer-Encoding: gzip, chunked') + chunked(packed(body)),
    )
    for (const path of [PATHS.digest, PATHS.manifest, PATHS.tags, PATHS.blob]) {
      const answer = await cache.fetch(path)
      assert.ok(answer.status >= 502 || !answer.complete, `${path}: ${answer.status}`)
    }
    await assertNothingKept(cache)
    state.well = true
    assert.ok((await cache.fetch(PATHS.blob)).body.equals(BLOB))
  })
})

const ZEROS = Buffer.alloc(64 * MIB)
const BOMBS: Readonly<Record<string, () => Buffer>> = {
  gzip: () => gzipSync(ZEROS),
  GZIP: () => gzipSync(ZEROS),
  'x-gzip': () => gzipSync(ZEROS),
  'gzip, gzip': () => gzipSync(gzipSync(ZEROS)),
  deflate: () => deflateSync(ZEROS),
  br: () => brotliCompressSync(Buffer.alloc(MIB)),
  zstd: () => zstdCompressSync(ZEROS),
}

describe('packed content is not what was asked for, and is never unpacked:', () => {
  for (const [encoding, make] of Object.entries(BOMBS)) {
    test(encoding, async (t) => {
      const bomb = make()
      const where = { token: false, status: 200 }
      const packed: Handler = (_, response) => {
        response.writeHead(where.status, { 'Content-Encoding': encoding, 'Content-Type': 'application/json' })
        response.end(bomb)
      }
      const registry = guarded(
        () => `${hub.url}/token`,
        (req, res, n) => (where.token ? answerImage : packed)(req, res, n),
      )
      const hub = await serve(t, (req, res, n) => {
        if (where.token && req.url?.startsWith('/token') === true) packed(req, res, n)
        else registry(req, res, n)
      })
      const cache = await startCache(t, hub.url)
      const before = process.memoryUsage().rss
      for (const path of Object.values(PATHS)) {
        assert.match(saidWith(await cache.fetch(path), 502), /^content-encoding /)
      }
      where.status = 403
      assert.equal(saidWith(await cache.fetch(PATHS.manifest), 403), '', 'a packed error is not quoted')
      where.status = 200
      where.token = true
      await cache.restart()
      assert.match(saidWith(await cache.fetch(PATHS.manifest), 502), /^token service: /)
      await assertNothingKept(cache)
      const grown = process.memoryUsage().rss - before
      assert.ok(grown < 48 * MIB, `${Math.round(grown / MIB)} MiB more`)
      assert.ok(hub.hits.every(({ headers }) => headers['accept-encoding'] === 'identity'))
    })
  }

  test('a blob that is packed itself arrives as it is', async (t) => {
    const hub = await serve(t, answerImage)
    const cache = await startCache(t, hub.url)
    const answer = await cache.fetch(PATHS.blob, { headers: { 'accept-encoding': 'gzip, br' } })
    assert.ok(answer.body.equals(BLOB))
    assert.equal(answer.headers['content-encoding'], undefined)
  })
})
