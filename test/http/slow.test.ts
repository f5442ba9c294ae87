import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { createConnectionLimits } from '../../src/http/connection-limits.ts'
import { type Patience, startServer } from '../../src/http/server.ts'
import { addBlob, assertWhole, blobPath, eventually, MIB, manifestPath } from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { openStream } from '../support/http.ts'
import type { Cleanup } from '../support/temp.ts'
import { openRaw, request } from './raw.ts'

const SHORT: Patience = { head: 60, whole: 120, lookEvery: 20, farewell: 100 }
/** More than sockets and buffers on the way hold. */
const LARGE = 32 * MIB

/** A server of little patience. `/large` is large; everything else is answered with its own path. */
async function serve(t: Cleanup) {
  const limits = createConnectionLimits({
    most: 1000,
    mostPerNetwork: 1000,
    exempt: [],
    clock: fakeClock(),
    log: collectorLog(),
  })
  const handle: RequestListener = (req, res) =>
    res.end(req.url === '/large' ? Buffer.alloc(LARGE, 'x') : req.url)
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    handle,
    gate: limits.gate,
    patience: SHORT,
  })
  t.after(() => server.close(0))
  const { port } = server.address
  return { limits, port, url: `http://127.0.0.1:${port}` }
}

/** A client that never hangs up by itself, and keeps what it was told. */
async function openStubborn(t: Cleanup, port: number) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  t.after(() => void socket.destroy())
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { socket, told: () => Buffer.concat(chunks).toString('latin1') }
}

/** Sends this piece every now and then, until it is cut. */
function drip(t: Cleanup, socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 5)
  const stop = () => clearInterval(timer)
  socket.once('close', stop)
  t.after(stop)
}

suite('a client that takes its time', () => {
  const silent = ['says nothing', ''] as const
  const half = ['says half of a line', 'GET /v2/ HT'] as const
  const most = ['says all but the end', request('/v2/').slice(0, -2)] as const
  for (const [what, text] of [silent, half, most]) {
    test(`to ask is told so and cut, whether it hangs up or not: ${what}`, async (t) => {
      const { limits, port } = await serve(t)
      const { socket, told } = await openStubborn(t, port)
      if (text !== '') socket.write(text)
      await once(socket, 'end')
      assert.match(told(), /^HTTP\/1\.1 408 [^]*"UNSUPPORTED"/)
      await eventually('its connection is gone', () => limits.open === 0)
    })
  }

  test('to ask is cut, though it sends a little all the time', async (t) => {
    const { limits, port } = await serve(t)
    const { socket } = await openStubborn(t, port)
    socket.write('GET /v2/ HTTP/1.1\r\nHost: cache.test\r\n')
    drip(t, socket, 'X-A: b\r\n')
    await eventually('its connection is gone', () => limits.open === 0)
  })

  test('with a body that nobody wants is cut, though it was answered', async (t) => {
    const { limits, port } = await serve(t)
    for (const framing of ['Content-Length: 100000', 'Transfer-Encoding: chunked']) {
      const { socket, told } = await openStubborn(t, port)
      socket.write(request('/answer', [framing], 'PUT'))
      drip(t, socket, framing.startsWith('T') ? '1\r\nx\r\n' : 'x')
      await eventually('its connection is gone', () => limits.open === 0)
      assert.match(told(), /^HTTP\/1\.1 200 [^]*\/answer/)
    }
  })

  test('to hear why it was refused is cut', async (t) => {
    const { limits, port } = await serve(t)
    const { socket, told } = await openStubborn(t, port)
    socket.write(request('/v2/', [`X-A: ${'x'.repeat(17_000)}`]))
    await eventually('its connection is gone', () => limits.open === 0)
    assert.match(told(), /^HTTP\/1\.1 431 /)
  })

  test('to read is not cut, however often others are for being slow to ask', async (t) => {
    const { limits, port, url } = await serve(t)
    const stream = await openStream(`${url}/large`)
    for (let i = 0; i < 8; i++) {
      assert.equal((await stream.read(1)).toString(), 'x')
      const { socket } = await openStubborn(t, port)
      socket.write(i % 2 === 0 ? 'GET /' : request('/answer', ['Content-Length: 5'], 'PUT'))
      await once(socket, 'end')
      await eventually('only the reader is left', () => limits.open === 1)
    }
    const { complete, bytes } = await stream.rest()
    assert.deepEqual({ complete, bytes }, { complete: true, bytes: LARGE })
  })

  test('between requests is not cut', async (t) => {
    const { port } = await serve(t)
    const idle = await openRaw(port)
    idle.write(request('/first'))
    await once(idle, 'data')
    for (let i = 0; i < 4; i++) {
      const { socket } = await openStubborn(t, port)
      await once(socket, 'end')
    }
    idle.write(request('/second'))
    assert.match(String((await once(idle, 'data'))[0]), /\/second$/)
    idle.destroy()
  })
})

test('three hundred connections that say nothing or half of something cost nobody a pull', async (t) => {
  const { hub, cache } = await startPair(t)
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  const open = await Promise.all(Array.from({ length: 300 }, () => openRaw(cache.port)))
  t.after(() => {
    for (const socket of open) socket.destroy()
  })
  open.forEach((socket, i) => {
    if (i % 3 === 1) socket.write(request('/v2/app/manifests/1').slice(0, 20 + (i % 40)))
    if (i % 3 === 2) socket.write(request('/v2/app/manifests/1', ['Content-Length: 9'], 'PUT').slice(0, -1))
  })
  for (let i = 0; i < 3; i++) {
    const blob = addBlob(hub, 2 * MIB)
    assertWhole(await cache.fetch(manifestPath('1')), manifest)
    // Once from the upstream, once from here.
    assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
    assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  }
  assert.ok(open.every((socket) => !socket.destroyed))
})
