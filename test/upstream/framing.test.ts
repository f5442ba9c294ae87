import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/domain/errors.ts'
import { BLOB, type Cleanup, clientFor, MANIFEST, rejection, serve, serveRaw, textOf } from './support.ts'

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood'

/** Answers its first request with `bytes` as they are, every later one properly. */
function answering(t: Cleanup, bytes: string | Buffer, end = false) {
  let n = 0
  return serveRaw(t, (socket) => {
    socket.on('data', () => {
      if (++n > 1) socket.write(GOOD)
      else if (end) socket.end(bytes)
      else socket.write(bytes)
    })
  })
}

const MALFORMED: readonly [string, string][] = [
  ['two Content-Lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
  ['Content-Length twice in one', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab'],
  ['a negative Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nab'],
  [
    'Content-Length and Transfer-Encoding',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n',
  ],
  ['a bare line feed', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nab'],
  ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nab'],
  ['a space before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nab'],
  ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a header of 64 kB', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`],
  [
    '10,000 headers',
    `HTTP/1.1 200 OK\r\n${Array.from({ length: 10_000 }, (_, i) => `X${i}: y\r\n`).join('')}\r\n`,
  ],
]

for (const [what, bytes] of MALFORMED) {
  test(`${what}: not trusted, connection dropped, next request clean`, async (t) => {
    const hub = await answering(t, bytes)
    const { client } = clientFor(t, hub.url)
    await rejection(client.get(BLOB), 'upstream_invalid')
    assert.equal(await textOf((await client.get(BLOB)).body), 'good')
    assert.equal(hub.accepted(), 2)
  })
}

test('a folded header is joined or refused, never a header of its own', async (t) => {
  const hub = await answering(t, 'HTTP/1.1 200 OK\r\nX: a\r\n Y: b\r\nContent-Length: 2\r\n\r\nab')
  const { client } = clientFor(t, hub.url)
  const result = await client.get(BLOB).catch(() => undefined)
  assert.equal(result?.head.headers.y, undefined)
  result?.body.destroy()
  assert.equal(await textOf((await client.get(BLOB)).body), 'good')
})

test('more bytes than promised are dropped with their connection, a second answer among them too', async (t) => {
  const hub = await answering(
    t,
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad',
  )
  const { client } = clientFor(t, hub.url)
  assert.equal(await textOf((await client.get(BLOB)).body), 'ab')
  assert.equal(await textOf((await client.get(BLOB)).body), 'good')
  assert.equal(hub.accepted(), 2)
})

const BODIES: readonly [string, string, 'abc' | ErrorCode][] = [
  ['without length, ended by closing', 'HTTP/1.1 200 OK\r\n\r\nabc', 'abc'],
  ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nabc', 'abc'],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', 'abc'],
  ['shorter than promised', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'upstream_unreachable'],
  [
    'in chunks without the last',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    'upstream_unreachable',
  ],
  [
    'in chunks of nonsense',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n',
    'upstream_invalid',
  ],
]

for (const [what, bytes, outcome] of BODIES) {
  test(`a body ${what} is read right or breaks`, async (t) => {
    const hub = await answering(t, bytes, true)
    const { client } = clientFor(t, hub.url)
    const { body } = await client.get(BLOB)
    if (outcome === 'abc') assert.equal(await textOf(body), 'abc')
    else await rejection(textOf(body), outcome)
    assert.equal(await textOf((await client.get(BLOB)).body), 'good')
  })
}

test('a HEAD that is answered with a body does not spoil the next request', async (t) => {
  const hub = await answering(
    t,
    'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbad bad bad',
  )
  const { client } = clientFor(t, hub.url)
  assert.equal((await client.head(BLOB)).contentLength, 30)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(await textOf((await client.get(BLOB)).body), 'good')
})

test('an interim answer is skipped', async (t) => {
  const hub = await answering(t, `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${GOOD}`)
  const { client } = clientFor(t, hub.url)
  assert.equal(await textOf((await client.get(BLOB)).body), 'good')
})

test('bytes are never unpacked, whatever they look like', async (t) => {
  const gzip = Buffer.from('1f8b0800000000000003030000000000000000', 'hex')
  const hub = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/gzip' }).end(gzip)
  })
  const { client } = clientFor(t, hub.url)
  const chunks: Buffer[] = []
  for await (const chunk of (await client.get(MANIFEST)).body as AsyncIterable<Buffer>) chunks.push(chunk)
  assert.deepEqual(Buffer.concat(chunks), gzip)
})
