import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLOB, clientFor, MANIFEST, rejection, serve, serveRaw, textOf, until } from './support.ts'

/** Never answers and never refuses: a listener whose queue is full would need root, a silent name does not. */
const SILENT_NAME = { resolve: () => new Promise<never>(() => undefined) }

test('no connection within its time is upstream_timeout, and the upstream rests at once', async (t) => {
  const { client } = clientFor(t, 'http://silent.example', {}, { ...SILENT_NAME, limits: { connectMs: 60 } })
  const error = await rejection(client.get(BLOB), 'upstream_timeout')
  assert.equal(error.detail.said, 'no connection within 60 ms')
  assert.equal(client.health('hub'), 'open')
  await rejection(client.get(BLOB), 'upstream_unreachable')
})

test('no headers within their time is upstream_timeout, never repeated, and the upstream rests', async (t) => {
  const hub = await serve(t, () => undefined)
  const { client } = clientFor(t, hub.url, {}, { limits: { headersMs: 600 } })
  const error = await rejection(client.get(BLOB), 'upstream_timeout')
  assert.equal(error.detail.said, 'no answer within 600 ms')
  assert.equal(hub.hits.length, 1)
  assert.equal(client.health('hub'), 'open')
  await until(() => hub.sockets() === 0)
})

test('the time for headers includes redirects and repetitions', async (t) => {
  const hub = await serve(t, (_, response, n) => {
    setTimeout(() => response.writeHead(307, { Location: `/v2/x?${n}` }).end(), 60)
  })
  const { client } = clientFor(t, hub.url, {}, { limits: { headersMs: 150 } })
  await rejection(client.get(BLOB), 'upstream_timeout')
})

test('headersWithin shortens the time; those who can wait are still let through', async (t) => {
  const hub = await serve(t, (_, response) => void setTimeout(() => response.end('x'), 2000))
  const { client, clock } = clientFor(t, hub.url)
  await rejection(client.head(MANIFEST, { headersWithin: 600 }), 'upstream_timeout')
  assert.equal(client.health('hub'), 'open')
  await rejection(client.head(MANIFEST, { headersWithin: 600 }), 'upstream_unreachable')
  assert.equal(hub.hits.length, 1)
  clock.advance(10)
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  assert.equal(client.health('hub'), 'closed')
})

test('a body may take longer than the headers had, as long as something comes', async (t) => {
  const hub = await serve(t, (_, response) => {
    response.flushHeaders()
    let left = 8
    const timer = setInterval(() => {
      if (left-- > 0) {
        response.write('x')
        return
      }
      clearInterval(timer)
      response.end()
    }, 100)
  })
  const { client } = clientFor(t, hub.url, {}, { limits: { headersMs: 600, idleMs: 600 } })
  assert.equal(await textOf((await client.get(BLOB)).body), 'xxxxxxxx')
})

test('a body that falls silent breaks with upstream_timeout and leaves no connection', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(200, { 'Content-Length': 9 }).write('abc'))
  const { client } = clientFor(t, hub.url, {}, { limits: { idleMs: 100 } })
  const { body } = await client.get(BLOB)
  await rejection(textOf(body), 'upstream_timeout')
  await until(() => hub.sockets() === 0)
  assert.equal(client.health('hub'), 'closed')
})

test('a reader that pauses is not mistaken for a silent upstream, and holds the upstream back', async (t) => {
  const size = 64 * 1024 * 1024
  let written = 0
  const hub = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Length': size })
    const chunk = Buffer.alloc(65_536)
    const more = () => {
      while (written < size) {
        written += chunk.length
        if (!response.write(chunk)) return
      }
      response.end()
    }
    response.on('drain', more)
    more()
  })
  const { client } = clientFor(t, hub.url, {}, { limits: { idleMs: 100 } })
  const { body } = await client.get(BLOB)
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.ok(written < size / 2, `${written} bytes were sent to a reader that does not read`)
  let read = 0
  // A body yields Buffers: no encoding is ever set.
  for await (const chunk of body as AsyncIterable<Buffer>) read += chunk.length
  assert.equal(read, size)
})

test('waiting for one of our own connections is a timeout, but not held against the upstream', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(200, { 'Content-Length': 9 }).write('abc'))
  const { client } = clientFor(t, hub.url, {}, { limits: { connections: 2, headersMs: 100 } })
  const open = [await client.get(BLOB), await client.get(BLOB)]
  await rejection(client.get(BLOB), 'upstream_timeout')
  assert.equal(client.health('hub'), 'closed')
  for (const { body } of open) body.destroy()
})

test('exactly one probe goes out after a rest; what it finds decides for all', async (t) => {
  let alive = false
  const hub = await serve(t, (_, response) => {
    if (alive) setTimeout(() => response.writeHead(404).end(), 50)
  })
  const { client, clock } = clientFor(t, hub.url, {}, { limits: { headersMs: 100 } })
  await rejection(client.get(BLOB), 'upstream_timeout')
  clock.advance(1000)
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => client.get(BLOB)))
  assert.equal(hub.hits.length, 2)
  assert.deepEqual(
    results.map(({ status }) => status),
    Array.from({ length: 10 }, () => 'rejected'),
  )
  clock.advance(1999)
  assert.equal(client.health('hub'), 'open')
  clock.advance(1)
  assert.equal(client.health('hub'), 'due')
  alive = true
  await rejection(client.get(BLOB), 'upstream_not_found')
  assert.equal(client.health('hub'), 'closed')
})

test('a probe whose caller leaves says nothing, and the next one may go', async (t) => {
  const hub = await serve(t, () => undefined)
  const { client, clock } = clientFor(t, hub.url, {}, { limits: { headersMs: 60 } })
  await rejection(client.get(BLOB), 'upstream_timeout')
  clock.advance(1000)
  const leaving = new AbortController()
  const probe = client.get(BLOB, { signal: leaving.signal })
  assert.equal(client.health('hub'), 'open')
  leaving.abort(new Error('gone'))
  await assert.rejects(probe, /gone/)
  assert.equal(client.health('hub'), 'due')
})

test('a TLS handshake that never ends is a timeout', async (t) => {
  const hub = await serveRaw(t, () => undefined)
  const { client } = clientFor(
    t,
    hub.url.replace('http:', 'https:'),
    {},
    { limits: { connectMs: 1000, tlsMs: 60 } },
  )
  const error = await rejection(client.get(BLOB), 'upstream_timeout')
  assert.equal(error.detail.said, 'no TLS handshake within 60 ms')
  await until(() => hub.sockets() === 0)
})
