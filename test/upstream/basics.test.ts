import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAll } from '../../src/upstream/read-all.ts'
import { BLOB, clientFor, MANIFEST, rejection, serve, textOf } from './support.ts'

test('a GET sends our own headers and nothing else, and passes the head and the bytes on', async (t) => {
  const hub = await serve(t, (_, response) => {
    response.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      ETag: '"e1"',
      'Docker-Content-Digest': 'sha256:abc',
      'Set-Cookie': 'a=b',
      'X-Twice': ['one', 'two'],
      'Content-Length': 5,
    })
    response.end('hello')
  })
  const { client } = clientFor(t, hub.url)
  const { head, body } = await client.get(MANIFEST)
  assert.equal(await textOf(body), 'hello')
  assert.equal(head.status, 200)
  assert.equal(head.contentLength, 5)
  assert.equal(head.contentType, 'application/json')
  assert.equal(head.etag, '"e1"')
  assert.equal(head.contentRange, undefined)
  assert.equal(head.headers['docker-content-digest'], 'sha256:abc')
  assert.equal(head.headers['x-twice'], 'one, two')
  assert.equal(head.headers['set-cookie'], undefined)
  assert.equal(hub.hits[0]?.url, MANIFEST.path)
  const { 'user-agent': agent, ...sent } = hub.hits[0]?.headers ?? {}
  assert.match(agent ?? '', /^cachalot\/\d+\.\d+\.\d+$/)
  assert.deepEqual(sent, {
    host: hub.host,
    connection: 'keep-alive',
    accept: MANIFEST.accept,
    'accept-encoding': 'identity',
  })
})

test('connections are kept for the next request, HEAD included', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'))
  const { client } = clientFor(t, hub.url)
  for (let i = 0; i < 3; i++) {
    await textOf((await client.get(MANIFEST)).body)
    await client.head(MANIFEST)
  }
  // The pool rests a connection for one turn of the event loop, so two take turns.
  assert.ok(hub.accepted() <= 2, `${hub.accepted()} connections`)
})

test('a path in the address of the upstream is put before every path', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'))
  const { client } = clientFor(t, `${hub.url}/artifactory/docker/`)
  await client.head({ ...MANIFEST, path: '/v2/a/manifests/b?n=1' })
  assert.equal(hub.hits[0]?.url, '/artifactory/docker/v2/a/manifests/b?n=1')
})

test('HEAD does not wait for a body that a confused upstream announces', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(200, { 'Content-Length': 10_000 }).end())
  const { client } = clientFor(t, hub.url)
  const head = await client.head(BLOB)
  assert.equal(head.contentLength, 10_000)
})

test('a range is asked for with If-Range and its answer is checked', async (t) => {
  const hub = await serve(t, (request, response) => {
    assert.equal(request.headers['if-range'], '"e"')
    assert.equal(request.headers.range, 'bytes=3-5')
    response.writeHead(206, { 'Content-Range': 'bytes 3-5/9', 'Content-Length': 3 }).end('def')
  })
  const { client } = clientFor(t, hub.url)
  const { head, body } = await client.get(BLOB, { from: 3, to: 5, ifRange: '"e"' })
  assert.deepEqual(head.contentRange, { start: 3, end: 5, total: 9 })
  assert.equal(await textOf(body), 'def')
})

test('an open range, an ignored range and an unsatisfiable one are passed on', async (t) => {
  const hub = await serve(t, (_, response, n) => {
    if (n === 1) response.writeHead(206, { 'Content-Range': 'bytes 3-8/*' }).end('defghi')
    else if (n === 2) response.end('abcdefghi')
    else response.writeHead(416, { 'Content-Range': 'bytes */9' }).end()
  })
  const { client } = clientFor(t, hub.url)
  const first = await client.get(BLOB, { from: 3 })
  assert.equal(hub.hits[0]?.headers.range, 'bytes=3-')
  assert.deepEqual(first.head.contentRange, { start: 3, end: 8, total: undefined })
  assert.equal(await textOf(first.body), 'defghi')
  const second = await client.get(BLOB, { from: 3 })
  assert.equal(second.head.status, 200)
  assert.equal(await textOf(second.body), 'abcdefghi')
  const third = await client.get(BLOB, { from: 9 })
  assert.equal(third.head.status, 416)
  assert.deepEqual(third.head.contentRange, { start: -1, end: -1, total: 9 })
  third.body.destroy()
})

const WRONG_RANGES: readonly [string, Record<string, string>][] = [
  ['no Content-Range', {}],
  ['another start', { 'Content-Range': 'bytes 0-5/9' }],
  ['more than asked', { 'Content-Range': 'bytes 3-6/9' }],
  ['end before start', { 'Content-Range': 'bytes 3-2/9' }],
  ['end outside', { 'Content-Range': 'bytes 3-9/9' }],
  ['another unit', { 'Content-Range': 'lines 3-5/9' }],
  ['another length', { 'Content-Range': 'bytes 3-5/9', 'Content-Length': '2' }],
]

for (const [what, headers] of WRONG_RANGES) {
  test(`a 206 with ${what} is not trusted`, async (t) => {
    const hub = await serve(t, (_, response) => response.writeHead(206, headers).end('de'))
    const { client } = clientFor(t, hub.url)
    const error = await rejection(client.get(BLOB, { from: 3, to: 5 }), 'upstream_invalid')
    assert.equal(error.detail.upstream, 'hub')
    assert.equal(error.detail.status, 206)
  })
}

test('a revalidation passes a 304 on; one nobody asked for is not trusted', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(304, { ETag: '"e"' }).end())
  const { client } = clientFor(t, hub.url)
  const { head, body } = await client.get(MANIFEST, { ifNoneMatch: '"e"' })
  assert.equal(head.status, 304)
  assert.equal(hub.hits[0]?.headers['if-none-match'], '"e"')
  assert.equal(await textOf(body), '')
  await rejection(client.get(MANIFEST), 'upstream_invalid')
})

for (const encoding of ['gzip', 'zstd', 'br', 'deflate']) {
  test(`a body packed with ${encoding} although identity was asked for is not trusted`, async (t) => {
    const hub = await serve(t, (_, response) => {
      response.writeHead(200, { 'Content-Encoding': encoding }).end('bomb')
    })
    const { client } = clientFor(t, hub.url)
    await rejection(client.get(BLOB), 'upstream_invalid')
    await rejection(client.head(BLOB), 'upstream_invalid')
  })
}

const STATUSES = [
  [400, 'upstream_failed'],
  [401, 'upstream_denied'],
  [403, 'upstream_denied'],
  [404, 'upstream_not_found'],
  [405, 'upstream_failed'],
  [408, 'upstream_failed'],
  [410, 'upstream_not_found'],
  [429, 'upstream_rate_limited'],
  [451, 'upstream_denied'],
  [500, 'upstream_failed'],
  [501, 'upstream_failed'],
  [503, 'upstream_failed'],
  [204, 'upstream_invalid'],
  [300, 'upstream_invalid'],
] as const

for (const [status, code] of STATUSES) {
  test(`${status} is ${code}, with what the upstream said`, async (t) => {
    const hub = await serve(t, (_, response) => {
      response.writeHead(status, { 'Content-Type': 'application/json' })
      response.end('{"errors":[{"code":"SOME_CODE","message":"some\\nwords"}]}')
    })
    const { client } = clientFor(t, hub.url)
    const error = await rejection(client.get(BLOB), code)
    const said = status === 204 ? {} : { said: 'SOME_CODE: some words' }
    assert.deepEqual(error.detail, { upstream: 'hub', status, ...said })
  })
}

test('an error body that never ends does not hold the error back', async (t) => {
  const hub = await serve(t, (_, response) => {
    response.writeHead(404, { 'Content-Type': 'text/plain', 'Content-Length': 1000 }).write('gone fishing')
  })
  const { client } = clientFor(t, hub.url)
  const error = await rejection(client.get(BLOB), 'upstream_not_found')
  assert.equal(error.detail.said, 'gone fishing')
})

test('of an endless error body 64 KiB are read', async (t) => {
  const hub = await serve(t, (_, response) => {
    response.writeHead(404, { 'Content-Type': 'text/plain' })
    const more = () => {
      while (response.write('x'.repeat(65_536)));
    }
    response.on('drain', more)
    more()
  })
  const { client } = clientFor(t, hub.url)
  const error = await rejection(client.get(BLOB), 'upstream_not_found')
  assert.equal(error.detail.said, 'x'.repeat(200))
})

test('an upstream that is not configured is not dialled', async (t) => {
  const { client } = clientFor(t, 'http://127.0.0.1:9')
  await rejection(client.get({ ...BLOB, upstream: 'other' }), 'name_unknown')
  assert.equal(client.health('other'), 'closed')
  assert.equal(client.rateLimit('other'), undefined)
})

test('a document longer than its limit is refused, and its connection is freed', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'.repeat(100_000)))
  const { client } = clientFor(t, hub.url)
  assert.equal((await readAll((await client.get(MANIFEST)).body, 100_000)).length, 100_000)
  const { body } = await client.get(MANIFEST)
  const error = await rejection(readAll(body, 99_999), 'too_large')
  assert.equal(error.detail['limit'], 99_999)
  assert.equal(body.destroyed, true)
})

test('after close nothing goes out any more', async (t) => {
  const hub = await serve(t, (_, response) => response.write('x'))
  const { client } = clientFor(t, hub.url)
  const { body } = await client.get(BLOB)
  await client.close()
  await rejection(textOf(body), 'shutting_down')
  await rejection(client.get(BLOB), 'shutting_down')
  assert.equal(hub.hits.length, 1)
})
