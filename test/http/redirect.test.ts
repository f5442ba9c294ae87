import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { startRedirect } from '../../src/http/redirect.ts'
import { eventually } from '../e2e/support.ts'
import { startCachalot } from '../support/cachalot.ts'
import { collectorLog } from '../support/collector-log.ts'
import { fetchAll } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'
import { createAuthority } from './certificates.ts'
import { sendRaw } from './raw.ts'
import { startSecure } from './secure.ts'

async function listen(t: TestContext) {
  const challenges = await tempDir(t)
  const redirect = await startRedirect({
    host: '127.0.0.1',
    port: 0,
    challenges,
    secureBase: (hostname) => `https://${hostname}:8443`,
    log: collectorLog(),
  })
  t.after(() => redirect.close())
  const { port } = redirect.address
  return { challenges, port, url: `http://127.0.0.1:${port}` }
}

const raw = (path: string, host: string, method = 'GET') =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

describe('the plain listener', () => {
  test('sends GET and HEAD to the same path and query by https', async (t) => {
    const { port } = await listen(t)
    for (const [host, path, location] of [
      ['cache.example', '/v2/a/manifests/1?ns=b%20c', 'https://cache.example:8443/v2/a/manifests/1?ns=b%20c'],
      ['Cache.Example:80', '/', 'https://cache.example:8443/'],
      ['[::1]:80', '//evil.example/x', 'https://[::1]:8443//evil.example/x'],
      ['a', '/"<>', 'https://a:8443/"<>'],
    ] as const) {
      const answer = await sendRaw(port, Buffer.from(raw(path, host), 'latin1'))
      assert.equal(answer.status, 308)
      assert.equal(answer.headers.get('location'), location)
      assert.equal(answer.headers.get('connection'), 'close')
      assert.equal(answer.headers.get('strict-transport-security'), undefined)
    }
    assert.equal((await sendRaw(port, raw('/v2/', 'a', 'HEAD'))).status, 308)
  })

  test('sends nobody where a header that is no host would lead', async (t) => {
    const { port } = await listen(t)
    for (const host of [
      '',
      'a/b',
      'a@evil.example',
      'a b',
      'a?x',
      'a\\b',
      'a:80:80',
      'ä',
      `${'a.'.repeat(3000)}\r\nX: y`,
    ]) {
      const answer = await sendRaw(port, Buffer.from(raw('/', host), 'latin1'))
      assert.equal(answer.status, host.startsWith('a.a.') ? 308 : 400, host)
    }
    assert.equal((await sendRaw(port, raw('http://evil.example/', 'a'))).status, 400)
    assert.equal((await sendRaw(port, 'GET / HTTP/1.1\r\n\r\n')).status, 400)
  })

  test('takes nothing but GET and HEAD, and says that it is alive', async (t) => {
    const { port, url } = await listen(t)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await sendRaw(port, raw('/v2/', 'a', method))
      assert.equal(answer.status, 405)
      assert.equal(answer.headers.get('allow'), 'GET, HEAD')
    }
    const health = await fetchAll(`${url}/healthz`)
    assert.equal(health.status, 200)
    assert.deepEqual(JSON.parse(String(health.body)), { status: 'ok' })
  })

  test('shows proofs for certificate authorities, and no other file', async (t) => {
    const { challenges, port, url } = await listen(t)
    const token = 'aB3_-x'.repeat(7)
    writeFileSync(join(challenges, token), `${token}.thumbprint`)
    writeFileSync(join(challenges, '..', 'secret'), 'secret')
    const proof = await fetchAll(`${url}/.well-known/acme-challenge/${token}`)
    assert.equal(proof.status, 200)
    assert.equal(String(proof.body), `${token}.thumbprint`)
    assert.match(String(proof.headers['content-type']), /^text\/plain/)
    const never = [
      '/.well-known/acme-challenge/unknown',
      '/.well-known/acme-challenge/../secret',
      '/.well-known/acme-challenge/..%2fsecret',
      '/.well-known/acme-challenge/.',
      `/.well-known/acme-challenge/${token}/`,
      `/.well-known/acme-challenge/${'a'.repeat(129)}`,
    ]
    for (const path of never) {
      const answer = await sendRaw(port, raw(path, 'a'))
      assert.ok(answer.status === 404 || answer.status === 308, `${path}: ${answer.status}`)
      assert.doesNotMatch(answer.body, /secret/)
    }
  })

  test('cuts off huge headers and those that never send one, and stops at once', async (t) => {
    const { port } = await listen(t)
    const huge = await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`)
    assert.ok(huge.closed && huge.status === 0)
    const slow = connect(port, '127.0.0.1')
    slow.on('error', () => undefined)
    slow.resume().write('GET / HT')
    // Ten seconds for the head, and a look every two.
    const started = performance.now()
    await once(slow, 'close')
    assert.ok(performance.now() - started < 20_000)
  })
})

describe('the plain listener of a cache', () => {
  test('leads to the port of the cache, or to the one the world sees', async (t) => {
    const { cache, pair } = await startSecure(t, { tls: { redirect_http: '127.0.0.1:0' } })
    const location = async () => {
      const port = cache.app.redirectAddress()?.port
      return (await fetchAll(`http://127.0.0.1:${port}/v2/`, { lint: false })).headers.location
    }
    assert.equal(await location(), `https://127.0.0.1:${cache.port}/v2/`)
    const tls = { ...pair, redirect_http: '127.0.0.1:0' }
    await cache.reload({ config: { server: { public_url: 'https://cache.example', tls } } })
    await eventually('the other port', async () => (await location()) === 'https://127.0.0.1/v2/')
    await cache.reload({ config: { server: { tls: pair } } })
    await eventually('no listener', () => cache.app.redirectAddress() === undefined)
  })

  test('on a port that is in use is said in words', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    const { port } = other.address() as AddressInfo // a TCP server has no other address
    const tls = { ...(await createAuthority(t)).sign('first'), redirect_http: `127.0.0.1:${port}` }
    await assert.rejects(
      startCachalot(t, { hub: { url: 'http://127.0.0.1:1' }, config: { server: { tls } } }),
      new RegExp(`port ${port} is in use by another program.*redirect_http`),
    )
  })
})
