import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLOB, clientFor, deadPort, MANIFEST, rejection, serve, serveRaw, textOf } from './support.ts'

for (const status of [500, 502, 503, 504]) {
  test(`${status} twice and then an answer: nobody notices`, async (t) => {
    const hub = await serve(t, (_, response, n) => response.writeHead(n < 3 ? status : 200).end('x'))
    const { client } = clientFor(t, hub.url)
    assert.equal(await textOf((await client.get(BLOB)).body), 'x')
    assert.equal(hub.hits.length, 3)
  })
}

test('after two repetitions a 503 is what it is, with its Retry-After, and no fault of the breaker', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(503, { 'Retry-After': '17' }).end())
  const { client } = clientFor(t, hub.url)
  for (let i = 1; i <= 3; i++) {
    assert.equal((await rejection(client.get(BLOB), 'upstream_failed')).retryAfter, 17)
    assert.equal(hub.hits.length, 3 * i)
  }
  assert.equal(client.health('hub'), 'closed')
})

for (const status of [400, 404, 408, 429, 501]) {
  test(`${status} is never repeated`, async (t) => {
    const hub = await serve(t, (_, response) => response.writeHead(status).end())
    const { client } = clientFor(t, hub.url)
    await assert.rejects(client.get(BLOB))
    assert.equal(hub.hits.length, 1)
  })
}

test('connections that break before the answer are repeated twice, for HEAD too', async (t) => {
  const hub = await serve(t, (request, response, n) => {
    if (n % 3 === 0) response.end('x')
    else if (n % 3 === 1) request.socket.resetAndDestroy()
    else request.socket.destroy()
  })
  const { client } = clientFor(t, hub.url)
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  await client.head(BLOB)
  assert.equal(hub.hits.length, 6)
})

test('an upstream that always hangs up is unreachable after three tries, with pauses in between', async (t) => {
  const hub = await serve(t, (request) => request.socket.destroy())
  const { client } = clientFor(t, hub.url)
  const before = performance.now()
  const error = await rejection(client.get(BLOB), 'upstream_unreachable')
  assert.ok(performance.now() - before >= 199)
  assert.equal(error.retryAfter, 1)
  assert.equal(hub.hits.length, 3)
})

test('kept connections that died of age are replaced at once, however many there are', async (t) => {
  let dying = false
  const hub = await serve(t, (request, response) => {
    if (dying && connections.has(request.socket)) request.socket.resetAndDestroy()
    else {
      connections.add(request.socket)
      setTimeout(() => response.end('x'), 20)
    }
  })
  const connections = new Set<unknown>()
  const { client } = clientFor(t, hub.url, {}, { random: () => assert.fail('there was a pause') })
  await Promise.all(Array.from({ length: 5 }, async () => textOf((await client.get(BLOB)).body)))
  await new Promise((resolve) => setTimeout(resolve, 20))
  dying = true
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  assert.ok(hub.hits.length > 6)
})

test('a body that breaks is not repeated: its reader learns that it was cut', async (t) => {
  const hub = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Length': 10 }).write('abc', () => response.destroy())
  })
  const { client } = clientFor(t, hub.url)
  const { head, body } = await client.get(BLOB)
  assert.equal(head.contentLength, 10)
  const error = await rejection(textOf(body), 'upstream_unreachable')
  assert.equal(error.detail.upstream, 'hub')
  assert.equal(hub.hits.length, 1)
})

test('a refused connection is final at once, and three of them make the upstream rest', async (t) => {
  const port = await deadPort()
  const { client, clock } = clientFor(t, `http://127.0.0.1:${port}`)
  const before = performance.now()
  for (let i = 0; i < 3; i++) {
    assert.equal(client.health('hub'), 'closed')
    const error = await rejection(client.get(MANIFEST), 'upstream_unreachable')
    assert.equal(error.detail.said, 'connection refused (ECONNREFUSED)')
  }
  assert.equal(client.health('hub'), 'open')
  const error = await rejection(client.get(MANIFEST), 'upstream_unreachable')
  assert.equal(error.detail.said, 'not asked again yet: connection refused (ECONNREFUSED)')
  assert.equal(error.retryAfter, 1)
  assert.ok(performance.now() - before < 2000)
  const hub = await serve(t, (_, response) => response.end('x'), { port })
  clock.advance(1000)
  assert.equal(client.health('hub'), 'due')
  assert.equal(await textOf((await client.get(MANIFEST)).body), 'x')
  assert.equal(client.health('hub'), 'closed')
  assert.equal(hub.hits.length, 1)
})

test('a name that does not resolve is unreachable', async (t) => {
  const { client } = clientFor(
    t,
    'http://nowhere.example',
    {},
    { resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) },
  )
  const error = await rejection(client.get(BLOB), 'upstream_unreachable')
  assert.equal(error.detail.said, 'the name does not resolve (ENOTFOUND)')
})

test('an upstream that closes every connection as soon as it is made is unreachable', async (t) => {
  const hub = await serveRaw(t, (socket) => socket.destroy())
  const { client } = clientFor(t, hub.url)
  await rejection(client.get(BLOB), 'upstream_unreachable')
  assert.equal(hub.accepted(), 3)
})
