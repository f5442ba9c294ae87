import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { BLOB, clientFor, MANIFEST, rejection, serve, serveRaw, textOf, until } from './support.ts'

const GONE = new Error('the caller is gone')

/** Aborts a call once `ready` holds, and proves that it ends with the caller's own reason. */
async function abortWhen(
  call: (signal: AbortSignal) => Promise<unknown>,
  ready: () => boolean,
): Promise<void> {
  const leaving = new AbortController()
  const running = call(leaving.signal)
  running.catch(() => undefined)
  await until(ready)
  leaving.abort(GONE)
  await assert.rejects(running, (error) => error === GONE)
  assert.equal(getEventListeners(leaving.signal, 'abort').length, 0)
}

test('a signal that is aborted already sends nothing', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'))
  const { client } = clientFor(t, hub.url)
  await assert.rejects(client.get(BLOB, { signal: AbortSignal.abort(GONE) }), (error) => error === GONE)
  assert.equal(hub.accepted(), 0)
})

test('while the name is looked up', async (t) => {
  let asked = false
  const resolve = () => {
    asked = true
    return new Promise<never>(() => undefined)
  }
  const { client } = clientFor(t, 'http://hub.example', {}, { resolve })
  await abortWhen(
    (signal) => client.get(BLOB, { signal }),
    () => asked,
  )
})

test('while TLS is negotiated', async (t) => {
  const hub = await serveRaw(t, () => undefined)
  const { client } = clientFor(t, hub.url.replace('http:', 'https:'), {}, { limits: { tlsMs: 100 } })
  await abortWhen(
    (signal) => client.get(BLOB, { signal }),
    () => hub.sockets() === 1,
  )
  await until(() => hub.sockets() === 0)
})

test('before headers, as GET and as HEAD', async (t) => {
  const hub = await serve(t, () => undefined)
  const { client } = clientFor(t, hub.url)
  await abortWhen(
    (signal) => client.get(BLOB, { signal }),
    () => hub.hits.length === 1,
  )
  await abortWhen(
    (signal) => client.head(BLOB, { signal }),
    () => hub.hits.length === 2,
  )
  await until(() => hub.sockets() === 0)
  assert.equal(client.health('hub'), 'closed')
})

test('during the pause before a repetition', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(503).end())
  const { client } = clientFor(t, hub.url, {}, { random: () => 10 })
  await abortWhen(
    (signal) => client.get(BLOB, { signal }),
    () => hub.hits.length === 1,
  )
  assert.equal(hub.hits.length, 1)
})

test('while the token service thinks: its request ends too', async (t) => {
  const hub = await serve(t, (request, response) => {
    if (request.url?.startsWith('/token') === true) return
    response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${hub.url}/token"` }).end()
  })
  const { client } = clientFor(t, hub.url)
  await abortWhen(
    (signal) => client.get(MANIFEST, { signal }),
    () => hub.hits.length === 2,
  )
  await until(() => hub.sockets() <= 1)
})

test('while an error body is read', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(404, { 'Content-Length': 9 }).write('x'))
  const { client } = clientFor(t, hub.url)
  await abortWhen(
    (signal) => client.get(BLOB, { signal }),
    () => hub.hits.length === 1,
  )
  await until(() => hub.sockets() === 0)
})

test('in the middle of a body, which breaks with the reason', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(200, { 'Content-Length': 9 }).write('abc'))
  const { client } = clientFor(t, hub.url)
  const leaving = new AbortController()
  const { body } = await client.get(BLOB, { signal: leaving.signal })
  const read = textOf(body)
  setImmediate(() => leaving.abort(GONE))
  await assert.rejects(read, (error) => error === GONE)
  await until(() => hub.sockets() === 0)
  assert.equal(getEventListeners(leaving.signal, 'abort').length, 0)
})

test('a body destroyed early frees its connection, one read to its end leaves no listener', async (t) => {
  const hub = await serve(t, (_, response, n) => {
    response.writeHead(200, { 'Content-Length': 100_000_000 })
    response.write(Buffer.alloc(1_000_000), () => {
      if (n > 1) response.destroy()
    })
  })
  const { client } = clientFor(t, hub.url)
  const staying = new AbortController()
  const { body } = await client.get(BLOB, { signal: staying.signal })
  body.destroy()
  await until(() => hub.sockets() === 0)
  const cut = await client.get(BLOB, { signal: staying.signal })
  await rejection(textOf(cut.body), 'upstream_unreachable')
  assert.equal(getEventListeners(staying.signal, 'abort').length, 0)
})

test('a body that breaks before anybody listens does not break the process', async (t) => {
  const hub = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Length': 9 }).write('abc', () => response.destroy())
  })
  const { client } = clientFor(t, hub.url)
  const { body } = await client.get(BLOB)
  await until(() => hub.sockets() === 0)
  await rejection(textOf(body), 'upstream_unreachable')
})

test('two hundred callers that leave at random leave nothing behind', async (t) => {
  const hub = await serve(t, (_, response) => {
    setTimeout(() => {
      response.writeHead(200, { 'Content-Length': 200_000 })
      response.write(Buffer.alloc(100_000))
      setTimeout(() => response.end(Buffer.alloc(100_000)), 5)
    }, 5)
  })
  const { client } = clientFor(t, hub.url)
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const leaving = new AbortController()
      setTimeout(() => leaving.abort(GONE), i % 40)
      try {
        await textOf((await client.get(BLOB, { signal: leaving.signal })).body)
      } catch (error) {
        assert.equal(error, GONE)
      }
      assert.equal(getEventListeners(leaving.signal, 'abort').length, 0)
    }),
  )
  assert.equal(client.health('hub'), 'closed')
  assert.equal((await textOf((await client.get(BLOB)).body)).length, 200_000)
  await client.close()
  await until(() => hub.sockets() === 0)
})
