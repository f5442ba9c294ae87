import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { eventually } from '../e2e/support.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { fetchAll } from '../support/http.ts'
import { createAuthority, shakeHands, shownBy } from './certificates.ts'
import { startSecure } from './secure.ts'

const HUB = { url: 'http://127.0.0.1:1' }

describe('a server with a certificate', () => {
  test('answers https, and tells nobody to insist on it unless asked to', async (t) => {
    const { hub, url, ca } = await startSecure(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    const got = await fetchAll(`${url}/v2/app/manifests/1`, { ca })
    assert.equal(got.status, 200)
    assert.deepEqual(got.body, manifest.bytes)
    assert.equal(got.headers['strict-transport-security'], undefined)
  })

  test('says on every answer how long to insist on https, where that is configured', async (t) => {
    const { url, ca, reload } = await startSecure(t, { tls: { hsts: '180d' } })
    const said = async (path: string) =>
      (await fetchAll(`${url}${path}`, { ca })).headers['strict-transport-security']
    for (const path of ['/v2/', '/v2/nonsense', '/healthz', '/nothing']) {
      assert.equal(await said(path), 'max-age=15552000', path)
    }
    await reload({ hsts: '1d' })
    await eventually('the new time', async () => (await said('/healthz')) === 'max-age=86400')
  })

  test('speaks TLS 1.2 and 1.3 and nothing older, and HTTP/1.1', async (t) => {
    const { cache } = await startSecure(t)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await shakeHands(cache.port, { minVersion: version, maxVersion: version })
      assert.equal(socket.getProtocol(), version)
      socket.destroy()
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    await assert.rejects(shakeHands(cache.port, old))
    const socket = await shakeHands(cache.port, { ALPNProtocols: ['h2', 'http/1.1'] })
    assert.equal(socket.alpnProtocol, 'http/1.1')
    socket.destroy()
  })

  test('cuts off what is no TLS, and lives on', async (t) => {
    const { cache, url, ca } = await startSecure(t)
    const rubbish = [
      'GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n',
      '\u0016\u0003\u0001nonsense'.repeat(9),
      '\0'.repeat(999),
    ]
    for (const bytes of rubbish) {
      const socket = connect(cache.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.resume().write(bytes)
      await once(socket, 'close')
    }
    assert.equal((await fetchAll(`${url}/healthz`, { ca })).status, 200)
  })

  test('refuses malformed HTTP inside of TLS in the shape of the registry', async (t) => {
    const { cache } = await startSecure(t)
    const socket = await shakeHands(cache.port)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.write('NONSENSE\r\n\r\n')
    await once(socket, 'close')
    assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 400 [^]*"UNSUPPORTED"/)
  })

  test('stops when nobody waits, whatever idle connections and half handshakes there are', async (t) => {
    const { cache } = await startSecure(t)
    const silent = connect(cache.port, '127.0.0.1')
    await once(silent, 'connect')
    const idle = await shakeHands(cache.port)
    const gone = [silent, idle].map((socket) => once(socket.on('error', () => undefined).resume(), 'close'))
    const started = performance.now()
    await cache.close(60_000)
    await Promise.all(gone)
    // A handshake is given ten seconds, and the whole a minute; neither may be waited for.
    assert.ok(performance.now() - started < 9000)
  })

  test('a large blob comes whole, and ranges of it', async (t) => {
    const { hub, url, ca } = await startSecure(t)
    const blob = hub.addBlob('library/app', { seed: 5, size: 20_000_000 })
    const whole = await fetchAll(`${url}/v2/app/blobs/${blob.digest}`, { ca })
    assert.ok(whole.complete && digestOf(whole.body) === blob.digest)
    const headers = { range: 'bytes=1000000-9999999' }
    const range = await fetchAll(`${url}/v2/app/blobs/${blob.digest}`, { ca, headers })
    assert.equal(range.status, 206)
    assert.ok(range.body.equals(whole.body.subarray(1_000_000, 10_000_000)))
  })
})

describe('beginning and ending TLS while it runs', () => {
  test('keeps the port, and lets answers under way end', async (t) => {
    const authority = await createAuthority(t)
    const pair = authority.sign('first')
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('library/app', { seed: 3, size: 2_000_000 })
    hub.bandwidth = 1_000_000
    const running = await cache.open(`/v2/app/blobs/${digest}`)
    await running.read(1000)
    await cache.reload({ config: { server: { tls: pair } } })
    const secure = `https://127.0.0.1:${cache.port}/healthz`
    const answers = async (url: string) => (await fetchAll(url, { ca: authority.ca })).status === 200
    await eventually('https on the same port', () => answers(secure))
    assert.deepEqual(await running.rest(), { complete: true, bytes: 2_000_000, digest })
    await cache.reload({ config: { server: { tls: {} } } })
    await eventually('http again', () => answers(`${cache.url}/healthz`))
  })
})

describe('certificates of clients', () => {
  test('are demanded where an authority for them is named, and only its own will do', async (t) => {
    const { authority, cache, url, ca } = await startSecure(t)
    const stranger = await createAuthority(t)
    const [mine, theirs] = [authority.sign('client'), stranger.sign('client')]
    await cache.reload({
      config: { server: { tls: { ...authority.sign('first'), client_ca: authority.caFile } } },
    })
    const pem = (pair: typeof mine) => ({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) })
    /** In TLS 1.3 a client hears of its refusal after its own handshake is over. */
    const isServed = async (options: object) => {
      try {
        const socket = await shakeHands(cache.port, { ca, ...options })
        socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        const chunks = await socket.on('error', () => undefined).toArray()
        return String(Buffer.concat(chunks)).startsWith('HTTP/1.1 200 ')
      } catch {
        return false
      }
    }
    await eventually('strangers stay outside', async () => !(await isServed({})))
    assert.equal(await isServed(pem(mine)), true)
    assert.equal(await isServed(pem(theirs)), false)
    assert.equal((await fetchAll(`${url}/healthz`, { ca })).status, 0)
  })
})

describe('a start', () => {
  const start = async (t: Parameters<typeof startCachalot>[0], tls: object) =>
    await startCachalot(t, { hub: HUB, config: { server: { tls } } })

  test('without a readable certificate is refused in words', async (t) => {
    const { folder, ...authority } = await createAuthority(t)
    const pair = authority.sign('first')
    const other = authority.sign('other')
    const missing = join(folder, 'missing.pem')
    await assert.rejects(start(t, { ...pair, cert: missing }), /missing\.pem does not exist/)
    await assert.rejects(start(t, { ...pair, key: pair.cert }), /first\.pem holds no private key in PEM form/)
    await assert.rejects(start(t, { ...pair, key: other.key }), /the key in .*other\.key does not belong to/)
    await assert.rejects(start(t, { ...pair, client_ca: pair.key }), /first\.key holds no certificate/)
  })

  test('with a certificate that has ended is loud about it, and serves', async (t) => {
    const authority = await createAuthority(t)
    const cache = await startCachalot(t, {
      hub: HUB,
      clock: () => Date.now() + 200 * 86_400_000,
      config: { server: { tls: authority.sign('first') } },
    })
    assert.equal(cache.log.find(/is not valid now/).length, 1)
    assert.equal(await shownBy(cache.port), 'first')
  })
})
