import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import { openRaw, type RawAnswer, request, sendRaw } from './raw.ts'

const ZERO = `sha256:${'0'.repeat(64)}`

function codeOf({ status, body }: RawAnswer): string {
  return `${status} ${JSON.parse(body).errors[0].code}`
}

describe('a request that is no HTTP', () => {
  const smuggled = ['Content-Length: 5', 'Transfer-Encoding: chunked']
  const cases: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
    'two lengths': [request('/v2/', ['Content-Length: 5', 'Content-Length: 6']), 400],
    'length and chunks': [request('/v2/', smuggled), 400],
    'a space before the colon': [request('/v2/', ['Transfer-Encoding : chunked']), 400],
    'chunked, but not last': [request('/v2/', ['Transfer-Encoding: chunked, identity']), 400],
    'a signed length': [request('/v2/', ['Content-Length: +5']), 400],
    'a hexadecimal length': [request('/v2/', ['Content-Length: 0x5']), 400],
    'a bare line feed': ['GET /v2/ HTTP/1.1\nHost: cache.test\n\n', 400],
    'a folded header': [request('/v2/', ['X-A: b', ' c']), 400],
    'NUL in a header': [request('/v2/', ['X-A: b\0c']), 400],
    'a header too long': [request('/v2/', [`X-A: ${'x'.repeat(40_000)}`]), 431],
    'a method of lower case': [request('/v2/', [], 'get'), 400],
    'TLS on the plain port': ['\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 400],
    'HTTP/2 at once': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  }
  for (const [name, [bytes, status]] of Object.entries(cases)) {
    test(`is refused in the registry’s shape, and the connection ends: ${name}`, async (t) => {
      const { cache } = await startPair(t)
      const answer = await sendRaw(cache.port, bytes)
      assert.equal(codeOf(answer), `${status} UNSUPPORTED`)
      assert.equal(answer.headers.get('content-type'), 'application/json')
      assert.equal(answer.headers.get('connection'), 'close')
      assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0')
    })
  }
})

describe('a request', () => {
  test('needs exactly one Host, except in HTTP/1.0', async (t) => {
    const { hub, cache } = await startPair(t)
    const none = 'GET /v2/ HTTP/1.1\r\n\r\n'
    const two = request('/v2/', ['Host: evil.test'])
    for (const bytes of [
      none,
      two,
      two.replace('/v2/', '/healthz'),
      two.replace('/v2/', '/v2/a/manifests/1'),
    ]) {
      assert.equal(codeOf(await sendRaw(cache.port, bytes)), '400 UNSUPPORTED')
    }
    for (const path of ['/v2/', '/healthz']) {
      assert.equal((await sendRaw(cache.port, `GET ${path} HTTP/1.0\r\n\r\n`)).status, 200)
    }
    assert.equal(hub.requests.count(), 0)
  })

  test('for another server is refused, and nothing is dialled', async (t) => {
    const { hub, cache } = await startPair(t)
    let dialled = 0
    const evil = createServer((_req, res) => {
      dialled++
      res.end()
    })
    await new Promise<void>((resolve) => {
      evil.listen(0, '127.0.0.1', resolve)
    })
    t.after(() => void evil.close())
    const { port } = evil.address() as AddressInfo // it listens
    for (const path of ['/', '/v2/', '/healthz', '/v2/a/manifests/1']) {
      const answer = await sendRaw(cache.port, request(`http://127.0.0.1:${port}${path}`))
      assert.equal(codeOf(answer), '400 UNSUPPORTED', path)
    }
    assert.equal(codeOf(await sendRaw(cache.port, request('*', [], 'OPTIONS'))), '400 UNSUPPORTED')
    const tunnel = await sendRaw(cache.port, request(`127.0.0.1:${port}`, [], 'CONNECT'))
    assert.deepEqual([tunnel.status, tunnel.closed], [0, true])
    assert.equal(dialled + hub.requests.count(), 0)
  })

  test('with an Upgrade or an odd Expect is answered as any other', async (t) => {
    const { cache } = await startPair(t)
    for (const headers of [
      ['Connection: Upgrade', 'Upgrade: h2c'],
      ['Connection: Upgrade', 'Upgrade: websocket'],
      ['Expect: 100-continue', 'Content-Length: 0'],
      ['Expect: the-unexpected'],
    ]) {
      assert.equal((await sendRaw(cache.port, request('/v2/', headers))).status, 200, String(headers))
    }
  })

  test('with names every object has is looked up like any other', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/constructor', { tags: ['constructor'] })
    const names = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf', 'prototype']
    for (const name of names) {
      const paths = {
        [`/v2/${name}/manifests/x`]: /^40[04]$/,
        [`/v2/a/${name}/manifests/x`]: /^40[04]$/,
        [`/v2/a/manifests/${name}`]: /^404$/,
        [`/v2/a/blobs/${name}`]: /^400$/,
        [`/v2/a/blobs/${name}:x`]: /^400$/,
        [`/v2/a/manifests/x?ns=${name}`]: /^40[04]$/,
        [`/${name}/v2/`]: /^404$/,
        [`/${name}`]: /^404$/,
        [`/v2/?${name}[x]=1&${name}=1`]: /^200$/,
      }
      for (const [path, status] of Object.entries(paths)) {
        const headers = [`${name}: x`, `Accept: ${name}`, `If-None-Match: ${name}`]
        const answer = await sendRaw(cache.port, request(path, headers))
        assert.match(String(answer.status), status, path)
      }
    }
    const real = await cache.fetch('/v2/constructor/manifests/constructor')
    assert.equal(real.status, 200)
    assert.equal(Object.hasOwn(Object.prototype, 'x'), false)
  })

  test('never keeps the server busy, however it is spelled', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/app', { tags: ['1'] })
    const { digest } = hub.addBlob('library/app', Buffer.alloc(1000))
    const manifest = '/v2/app/manifests/1'
    const blob = `/v2/app/blobs/${digest}`
    await cache.fetch(manifest)
    await cache.fetch(blob)
    const long = (text: string, total = 14_000) => text.repeat(Math.ceil(total / text.length))
    const paths = [
      'a-',
      'a.',
      'a__',
      '/a',
      '%2e',
      '%',
      '%%',
      '../',
      'v2/',
      'manifests/',
      'blobs/uploads/',
      'A',
    ]
    const targets = paths.flatMap((text) => [
      `/v2/${long(text)}/manifests/1`,
      `/v2/app/manifests/${long(text)}`,
      `/${long(text)}/v2/`,
      `/v2/?ns=${long(text)}`,
      `/v2/app/tags/list?n=${long(text)}&last=${long(text)}`.slice(0, 15_000),
      `/v2/app/blobs/sha256:${long(text)}`,
    ])
    const headers = [
      `Accept: ${long('a/b;q=0.1,')}`,
      `Accept: ${long(' ;')}`,
      `Accept: application/vnd.oci.image.index.v1+json${long(';q=0')}`,
      `Range: bytes=${long('0-1,')}`,
      `Range: bytes=${long('9')}-`,
      `Range: bytes${long(' ')}=0-1`,
      `If-None-Match: ${long('W/"a",')}`,
      `If-None-Match: ${long(' ,')}`,
      `If-Range: ${long('"')}`,
      `X-Forwarded-For: ${long('1.2.3.4,')}`,
      `X-Forwarded-For: ${long('[')}`,
      `Host: ${long(':1')}`.replace('Host', 'X-Host'),
      `Authorization: Basic ${long('=')}`,
      `User-Agent: ${long('(a')}`,
    ]
    const shots = [
      ...targets.map((target) => request(target)),
      ...headers.flatMap((header) => [manifest, blob].map((path) => request(path, [header]))),
      `GET /v2/ HTTP/1.1\r\nHost: ${long(':1')}\r\n\r\n`,
    ]
    for (const shot of shots) {
      const fastest = await quickest(() => sendRaw(cache.port, shot))
      assert.ok(fastest < 50, `${Math.round(fastest)} ms for ${shot.slice(0, 120)}`)
    }
  })

  test('may have so many ranges, and is still sent no more than the blob', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('library/app', Buffer.alloc(5000, 1))
    for (const range of [
      `bytes=${Array(900).fill('0-').join(',')}`,
      'bytes=0-4999,0-4999',
      'bytes=-5000,0-',
    ]) {
      const answer = await cache.fetch(`/v2/app/blobs/${digest}`, { headers: { range } })
      assert.equal(answer.status, 200)
      assert.equal(answer.body.length, 5000)
    }
  })

  test('may carry a body that nobody reads', async (t) => {
    const { cache } = await startPair(t)
    const statuses = { GET: 404, PUT: 405, PATCH: 405, DELETE: 403 }
    for (const [method, status] of Object.entries(statuses)) {
      for (const framing of [{ 'content-length': '30000' }, { 'transfer-encoding': 'chunked' }]) {
        const body = Buffer.alloc(30_000)
        const answer = await cache.fetch(`/v2/app/blobs/${ZERO}`, { method, body, headers: framing })
        assert.equal(answer.status, status, `${method} ${JSON.stringify(framing)}`)
      }
    }
  })

  test('that is followed by nonsense loses no byte and gains none', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest, content } = hub.addBlob('library/app', { seed: 5, size: 3_000_000 })
    const want = contentBytes(content).toString('latin1')
    hub.bandwidth = 3_000_000
    const socket = await openRaw(cache.port)
    socket.write(request(`/v2/app/blobs/${digest}`))
    let got = ''
    socket.on('data', (chunk: Buffer) => {
      if (got === '') socket.write('NONSENSE\r\n\r\n')
      got += chunk.toString('latin1')
    })
    await new Promise((resolve) => socket.once('close', resolve))
    const body = got.slice(got.indexOf('\r\n\r\n') + 4)
    assert.ok(got.startsWith('HTTP/1.1 200 ') && body.length < want.length)
    assert.ok(want.startsWith(body), 'what came is the beginning of the blob')
    const after = await cache.fetch(`/v2/app/blobs/${digest}`)
    assert.equal(after.body.toString('latin1'), want)
  })
})

/** Of three tries in milliseconds, so that a busy machine is not taken for a slow program. */
async function quickest(work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3 && best >= 50; i++) {
    const started = performance.now()
    await work()
    best = Math.min(best, performance.now() - started)
  }
  return best
}
