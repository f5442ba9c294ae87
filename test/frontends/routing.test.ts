import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { type Cachalot, startCachalot, startPair } from '../support/cachalot.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { errorOf, jsonOf, verdict } from './support.ts'

interface Way {
  readonly path: (repository: string) => string
  readonly ns?: string
  readonly host?: string
}

/** Every way to say `<repository>` on ghcr.io. */
const GHCR: readonly Way[] = [
  { path: (name) => `/v2/${name}`, ns: 'ghcr.io' },
  { path: (name) => `/v2/${name}`, ns: 'GHCR.io' },
  { path: (name) => `/v2/${name}`, ns: 'ghcr.io%3A443' },
  { path: (name) => `/v2/${name}`, ns: 'ghcr' },
  { path: (name) => `/v2/${name}`, host: 'ghcr.test' },
  { path: (name) => `/v2/${name}`, host: 'GHCR.test:5000', ns: 'ghcr.io' },
  { path: (name) => `/v2/ghcr.io/${name}` },
  { path: (name) => `/v2/ghcr/${name}` },
  { path: (name) => `/v2/ghcr.io/${name}`, ns: 'ghcr.io' },
  { path: (name) => `/v2/ghcr/${name}`, ns: 'ghcr.io' },
  { path: (name) => `/v2/ghcr.io/${name}`, host: 'ghcr.test' },
  { path: (name) => `/ghcr.io/v2/${name}` },
  { path: (name) => `/ghcr/v2/${name}`, ns: 'ghcr.io' },
]

/** Every way to say `library/<name>` on Docker Hub. */
const HUB: readonly Way[] = ['', 'library/'].flatMap((library): Way[] => [
  { path: (name) => `/v2/${library}${name}` },
  { path: (name) => `/v2/${library}${name}`, ns: 'docker.io' },
  { path: (name) => `/v2/${library}${name}`, ns: 'index.docker.io' },
  { path: (name) => `/v2/${library}${name}`, ns: 'registry-1.docker.io' },
  { path: (name) => `/v2/${library}${name}`, host: 'docker.test' },
  { path: (name) => `/v2/docker.io/${library}${name}` },
  { path: (name) => `/v2/hub/${library}${name}`, ns: 'docker.io' },
  { path: (name) => `/docker.io/v2/${library}${name}` },
  { path: (name) => `/hub/v2/${library}${name}`, ns: 'index.docker.io' },
])

interface World {
  readonly hub: FakeUpstream
  readonly ghcr: FakeUpstream
  readonly cache: Cachalot
}

async function startWorld(t: TestContext): Promise<World> {
  const hub = await startFakeUpstream()
  const ghcr = await startFakeUpstream()
  const upstreams = [
    {
      name: 'docker.io',
      url: hub.url,
      aliases: ['index.docker.io', 'registry-1.docker.io', 'hub'],
      hosts: ['docker.test'],
    },
    { name: 'ghcr.io', url: ghcr.url, aliases: ['ghcr'], hosts: ['ghcr.test'] },
  ]
  const cache = await startCachalot(t, { upstreams })
  t.after(async () => void (await Promise.all([hub.close(), ghcr.close()])))
  return { hub, ghcr, cache }
}

interface Ask {
  readonly way: Way
  readonly name: string
  /** `manifests/<reference>` or `blobs/<digest>`. */
  readonly rest: string
  readonly method: string
}

function send(cache: Cachalot, { way, name, rest, method }: Ask) {
  const query = way.ns === undefined ? '' : `?ns=${way.ns}`
  const headers = way.host === undefined ? {} : { host: way.host }
  return cache.fetch(`${way.path(name)}/${rest}${query}`, { method, headers })
}

/** Asks in every way, `first` first, for all that an image consists of. */
async function askAll(cache: Cachalot, name: string, plan: { ways: readonly Way[]; image: BuiltImage }) {
  const { manifest, config } = plan.image
  const rests = ['manifests/1', `manifests/${manifest.digest}`, `blobs/${config.digest}`]
  for (const rest of rests) {
    for (const way of plan.ways) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await send(cache, { way, name, rest, method })
        const said = `${method} ${way.path(name)}/${rest} ns ${way.ns} host ${way.host}`
        assert.equal(answer.status, 200, said)
        assert.equal(
          answer.headers['oci-namespace'],
          way.ns === undefined ? undefined : decodeURIComponent(way.ns),
        )
        const { bytes } = rest.startsWith('blobs') ? config : manifest
        assert.deepEqual(answer.body, method === 'GET' ? bytes : Buffer.alloc(0), said)
      }
    }
  }
}

describe('all ways to name an image', () => {
  for (const [registry, ways, prefix] of [
    ['docker.io', HUB, 'library/'],
    ['ghcr.io', GHCR, ''],
  ] as const) {
    test(`lead to one entry, on ${registry}, whichever comes first`, async (t) => {
      const { hub, ghcr, cache } = await startWorld(t)
      const upstream = registry === 'docker.io' ? hub : ghcr
      for (const [i, first] of ways.entries()) {
        const name = `app-${i}`
        const image = upstream.addImage(`${prefix}${name}`, { tags: ['1'], layers: 0 })
        upstream.requests.clear()
        // Every way meets every other once, as first or as a later one.
        await askAll(cache, name, { ways: [first, ...ways.slice(i)], image })
        const asked = upstream.requests.list().map(({ method, kind }) => `${method} ${kind}`)
        assert.deepEqual(asked, ['GET manifest', 'GET blob'], `first by ${first.path(name)} ${first.ns}`)
      }
      assert.equal((upstream === hub ? ghcr : hub).requests.count(), 0)
    })
  }

  test('never mix two upstreams that have the same name', async (t) => {
    const { hub, ghcr, cache } = await startWorld(t)
    const images = [hub.addImage('org/app', { tags: ['1'] }), ghcr.addImage('org/app', { tags: ['1'] })]
    for (const [i, ns] of ['docker.io', 'ghcr.io'].entries()) {
      const answer = await cache.fetch(`/v2/org/app/manifests/1?ns=${ns}`)
      assert.equal(answer.headers['docker-content-digest'], images[i]?.manifest.digest)
    }
    const blob = images[0]?.config.digest
    assert.equal((await cache.fetch(`/v2/org/app/blobs/${blob}`)).status, 200)
    assert.equal(verdict(await cache.fetch(`/v2/org/app/blobs/${blob}?ns=ghcr.io`)), '404 BLOB_UNKNOWN')
  })

  test('work for repositories that are called like words of the protocol', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const name of ['v2/tool', 'a/manifests', 'a/blobs/uploads', 'tags/list', 'x/v2/manifests/1']) {
      const image = hub.addImage(name, { tags: ['latest', 'list'] })
      for (const tag of ['latest', 'list']) {
        const answer = await cache.fetch(`/v2/${name}/manifests/${tag}`)
        assert.deepEqual(answer.body, image.manifest.bytes, name)
      }
      const list = await cache.fetch(`/v2/${name}/tags/list`)
      assert.deepEqual(jsonOf(list), { name, tags: ['latest', 'list'] })
    }
  })
})

describe('a name that leads nowhere', () => {
  test('is NAME_UNKNOWN and nothing is dialled', async (t) => {
    const { hub, ghcr, cache } = await startWorld(t)
    let dialled = 0
    const evil = createServer((socket) => {
      dialled++
      socket.destroy()
    })
    await new Promise<void>((resolve) => {
      evil.listen(0, '127.0.0.1', resolve)
    })
    t.after(() => void evil.close())
    const address = evil.address()
    const port = typeof address === 'object' ? address?.port : 0
    const paths = [
      `/v2/a/manifests/1?ns=127.0.0.1:${port}`,
      `/v2/a/manifests/1?ns=localhost%3A${port}`,
      `/v2/127.0.0.1:${port}/a/manifests/1`,
      `/127.0.0.1:${port}/v2/a/manifests/1`,
      `/127.0.0.1:${port}/v2/`,
      '/v2/evil.test/a/manifests/1',
      '/v2/a/manifests/1?ns=evil.test',
      '/v2/a/manifests/1?ns=docker.io:5000',
      '/v2/?ns=evil.test',
      '/evil/v2/',
      '/docker.io/v2/a/manifests/1?ns=ghcr.io',
    ]
    for (const path of paths) assert.equal(verdict(await cache.fetch(path)), '404 NAME_UNKNOWN', path)
    const host = { host: 'ghcr.test' }
    const conflict = await cache.fetch('/v2/a/manifests/1?ns=docker.io', { headers: host })
    assert.equal(verdict(conflict), '404 NAME_UNKNOWN')
    assert.equal(hub.requests.count() + ghcr.requests.count() + dialled, 0)
  })

  test('says which name it was and echoes the namespace', async (t) => {
    const { cache } = await startPair(t)
    const answer = await cache.fetch('/v2/a/manifests/1?ns=evil.test')
    assert.match(errorOf(answer).message, /evil\.test/)
    assert.equal(answer.headers['oci-namespace'], 'evil.test')
  })

  test('is refused when ns is no host name, and such an ns is never echoed', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const ns of ['', 'a/b', 'docker.io%0d%0aX-Evil:1', 'docker.io&ns=docker.io', '%F0%9F%90%B3']) {
      for (const path of ['/v2/a/manifests/1', '/v2/', '/v2/_catalog', '/v2/a/tags/list']) {
        const answer = await cache.fetch(`${path}?ns=${ns}`)
        assert.equal(verdict(answer), '400 NAME_INVALID', `${path}?ns=${ns}`)
        assert.equal(answer.headers['oci-namespace'], undefined)
        assert.equal(answer.headers['x-evil'], undefined)
      }
    }
    assert.equal(hub.requests.count(), 0)
  })
})
