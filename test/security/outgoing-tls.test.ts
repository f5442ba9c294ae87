import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { type Authority, createAuthority } from '../http/certificates.ts'
import type { Cachalot } from '../support/cachalot.ts'
import { certificates } from '../upstream/certificates.ts'
import { type Handler, type Host, serve } from '../upstream/support.ts'
import {
  answerImage,
  guarded,
  LOGIN,
  openEvil,
  openPlace,
  PATHS,
  type Place,
  saidWith,
  startCache,
} from './support.ts'
import { setName } from './support-internet.ts'
import { openTunnel, pemOf, tapWire, type Wire } from './support-wire.ts'

const HANDSHAKE = 0x16

interface Served {
  readonly authority: Authority
  readonly tls: { readonly cert: string; readonly key: string }
  /** Under which name the cache asks; the certificates are for cache.example. */
  readonly name?: string
}

interface Scene {
  /** The port the cache is told, in front of the server. */
  readonly wire: Wire
  readonly hub: Place
  /** Plain HTTP at the same host, on port 80 where that is free. */
  readonly plain: Host | undefined
  readonly url: string
}

/** A TLS registry whose port is watched, and beside it a plain one. */
async function openScene(t: TestContext, served: Served, handler: Handler = answerImage): Promise<Scene> {
  const name = served.name ?? 'cache.example'
  const hub = await openPlace(t, name, handler, { tls: served.tls })
  const wire = await tapWire(t, hub.address, () => hub.port)
  const plain = await serve(t, answerImage, { address: hub.address, port: 80 }).catch(() => undefined)
  return { wire, hub, plain, url: `https://${name}:${wire.port}` }
}

async function assertClosed(cache: Cachalot, { wire, hub, plain }: Scene, said: RegExp): Promise<void> {
  for (const path of Object.values(PATHS)) {
    for (const method of ['HEAD', 'GET']) assert.equal((await cache.fetch(path, { method })).status, 503)
  }
  assert.match(saidWith(await cache.fetch(PATHS.manifest), 503), said)
  assert.equal(hub.hits.length, 0)
  assert.ok(wire.firsts.every((byte) => byte === HANDSHAKE))
  assert.equal(plain?.accepted() ?? 0, 0, 'plain HTTP was tried')
  assert.ok(!cache.log.text().includes('CANARY'))
}

const CASES: Readonly<Record<string, readonly [(t: TestContext) => Promise<Served>, RegExp]>> = {
  'a certificate that has expired': [
    async (t) => {
      const authority = await createAuthority(t)
      return { authority, tls: pemOf(authority.sign('old', -1)) }
    },
    /CERT_HAS_EXPIRED/,
  ],
  'a certificate nobody signed': [
    async (t) => ({ authority: await createAuthority(t), tls: (await certificates(t)).stray }),
    /DEPTH_ZERO_SELF_SIGNED_CERT/,
  ],
  'a certificate of an authority we do not know': [
    async (t) => {
      const other = await createAuthority(t)
      return { authority: await createAuthority(t), tls: pemOf(other.sign('other')) }
    },
    /UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
  ],
  'a certificate for another name': [
    async (t) => {
      const authority = await createAuthority(t)
      return { authority, tls: pemOf(authority.sign('host')), name: 'hub.example' }
    },
    /ERR_TLS_CERT_ALTNAME_INVALID/,
  ],
  'TLS 1.1 at most': [
    async (t) => {
      const authority = await createAuthority(t)
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
      return { authority, tls: { ...pemOf(authority.sign('host')), ...old } }
    },
    /TLS failed|connection reset/,
  ],
}

describe('an https upstream is not asked at all when it shows', () => {
  for (const [what, [make, said]] of Object.entries(CASES)) {
    test(what, async (t) => {
      const served = await make(t)
      const scene = await openScene(t, served)
      const cache = await startCache(t, scene.url, { upstream: { ca_file: served.authority.caFile } })
      await assertClosed(cache, scene, said)
    })
  }

  for (const [what, through] of [
    ['directly', false],
    ['through a proxy', true],
  ] as const) {
    test(`what cannot be trusted, ${what}, whatever Node is told to overlook`, async (t) => {
      const served = { authority: await createAuthority(t), tls: (await certificates(t)).stray }
      const scene = await openScene(t, served)
      const proxy = await openTunnel(t, scene.hub.address, () => scene.wire.port)
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
      t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
      const cache = await startCache(t, scene.url, { upstream: through ? { proxy } : {} })
      await assertClosed(cache, scene, /SELF_SIGNED/)
      assert.ok(scene.wire.firsts.length > 0)
    })
  }
})

describe('an https upstream', () => {
  test('with a good certificate is asked, so the others were refused for theirs', async (t) => {
    const authority = await createAuthority(t)
    const scene = await openScene(t, { authority, tls: pemOf(authority.sign('host')) })
    const cache = await startCache(t, scene.url, { upstream: { ca_file: authority.caFile } })
    assert.equal((await cache.fetch(PATHS.manifest)).status, 200)
    assert.ok(scene.wire.firsts.every((byte) => byte === HANDSHAKE))
    assert.equal(scene.plain?.accepted() ?? 0, 0)
  })

  test('whose port is closed is not asked on another one', async (t) => {
    const authority = await createAuthority(t)
    const scene = await openScene(t, { authority, tls: pemOf(authority.sign('host')) })
    await scene.wire.stop()
    for (const url of [scene.url, 'https://cache.example']) {
      const cache = await startCache(t, url, { upstream: { ca_file: authority.caFile } })
      await assertClosed(cache, scene, /connection refused/)
    }
  })

  test('that speaks plain HTTP on its port is not understood', async (t) => {
    const hub = await openPlace(t, 'cache.example', answerImage)
    const wire = await tapWire(t, hub.address, () => hub.port)
    const cache = await startCache(t, `https://cache.example:${wire.port}`)
    saidWith(await cache.fetch(PATHS.manifest), 503)
    assert.equal(hub.hits.length, 0)
    assert.ok(wire.firsts.length > 0 && wire.firsts.every((byte) => byte === HANDSHAKE))
  })

  test('never gives its login to plain HTTP, by realm or by redirect', async (t) => {
    const authority = await createAuthority(t)
    const tls = pemOf(authority.sign('host'))
    const evil = await openEvil(t)
    // The same host without TLS.
    const plain = `http://cache.example:${evil.port}`
    const challenging = await openScene(
      t,
      { authority, tls },
      guarded(() => `${plain}/token`),
    )
    const challenged = await startCache(t, challenging.url, { upstream: { ca_file: authority.caFile } })
    setName('cache.example', () => [challenging.hub.address.replace('127', '11')])
    assert.match(saidWith(await challenged.fetch(PATHS.manifest), 502), /token service refused/)
    const sending: Scene = await openScene(
      t,
      { authority, tls },
      guarded(
        () => `${sending.url}/token`,
        (_, response) => response.writeHead(307, { Location: `${plain}/x` }).end(),
      ),
    )
    const sent = await startCache(t, sending.url, { upstream: { ca_file: authority.caFile } })
    for (const path of [PATHS.manifest, PATHS.blob]) {
      assert.match(saidWith(await sent.fetch(path), 502), /is not https/)
    }
    assert.equal(evil.accepted(), 0)
    assert.ok(sending.hub.hits.some(({ headers }) => headers.authorization === LOGIN))
  })

  test('with a good certificate does not vouch for its token service', async (t) => {
    const authority = await createAuthority(t)
    const tls = (await certificates(t)).stray
    const auth = await openPlace(t, 'auth.cache.example', (_, response) => response.end('{}'), { tls })
    const scene = await openScene(
      t,
      { authority, tls: pemOf(authority.sign('host')) },
      guarded(() => `${auth.base}/token`),
    )
    const cache = await startCache(t, scene.url, { upstream: { ca_file: authority.caFile } })
    assert.match(saidWith(await cache.fetch(PATHS.manifest), 503), /SELF_SIGNED/)
    assert.ok(auth.accepted() > 0)
    assert.equal(auth.hits.length, 0)
  })

  test('does not have the authority of another one', async (t) => {
    const authority = await createAuthority(t)
    const scene = await openScene(t, { authority, tls: pemOf(authority.sign('host')) })
    const cache = await startCache(t, scene.url, { upstream: { ca_file: authority.caFile } })
    await cache.reload({
      upstreams: [
        { name: 'docker.io', url: scene.url, username: 'puller', ca_file: authority.caFile },
        { name: 'other.test', url: scene.url },
      ],
    })
    assert.equal((await cache.fetch(PATHS.manifest)).status, 200)
    assert.match(saidWith(await cache.fetch(`${PATHS.manifest}?ns=other.test`), 503), /TLS failed/)
  })
})
