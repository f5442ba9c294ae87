import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Cachalot } from '../support/cachalot.ts'
import { serve } from '../upstream/support.ts'
import {
  assertNoCredentials,
  assertUntouched,
  guarded,
  type Inside,
  LOGIN,
  openEvil,
  openInside,
  openPlace,
  PASSWORD,
  PATHS,
  type Place,
  saidWith,
  startCache,
} from './support.ts'
import { setName } from './support-internet.ts'

interface Scene extends Inside {
  readonly hub: Place
  readonly evil: Place
}

interface Refused {
  readonly realm: (scene: Scene) => string
  /** What the client and the log are told of it. */
  readonly named: string | ((scene: Scene) => string)
}

const at = (host: string, port: number): string => `http://${host}:${port}/token`
const inside = (host: string, named = host): Refused => ({
  realm: ({ local }) => at(host, local.port),
  named,
})

const REFUSED: Readonly<Record<string, Refused>> = {
  'another host': {
    realm: ({ evil }) => `${evil.base}/token`,
    named: ({ evil }) => `evil.test:${evil.port}`,
  },
  'https on another host': { realm: ({ evil }) => `https://evil.test:${evil.port}/`, named: 'evil.test' },
  'another host by its address': { realm: ({ evil }) => at('11.0.0.11', evil.port), named: '11.0.0.11' },
  'our host as a label of another': {
    realm: ({ evil }) => at('hub.example.evil.test', evil.port),
    named: 'hub.example.evil.test',
  },
  'a name that ends like ours': { realm: ({ evil }) => at('evilhub.example', evil.port), named: 'evilhub' },
  'another name below the same suffix': {
    realm: ({ evil }) => at('auth.other.example', evil.port),
    named: 'auth.other.example',
  },
  'our host as userinfo': {
    realm: ({ evil }) => `http://hub.example@evil.test:${evil.port}/`,
    named: 'evil.test',
  },
  'userinfo before our host': {
    realm: ({ hub }) => at('me:secret@hub.example', hub.port),
    named: 'userinfo',
  },
  'a path alone': { realm: () => '/token', named: 'no absolute address' },
  'a host without a scheme': {
    realm: ({ evil }) => `//evil.test:${evil.port}/`,
    named: 'no absolute address',
  },
  'nothing in it': { realm: () => '', named: 'no absolute address' },
  ftp: { realm: () => 'ftp://hub.example/token', named: 'ftp:' },
  'a file': { realm: () => 'file:///etc/passwd', named: 'file:' },
  'a script': { realm: () => 'javascript:alert(1)', named: 'javascript:' },
  '127.0.0.1': inside('127.0.0.1'),
  '127.1': inside('127.1', '127.0.0.1'),
  '0x7f000001': inside('0x7f000001', '127.0.0.1'),
  '2130706433': inside('2130706433', '127.0.0.1'),
  '0177.0.0.1': inside('0177.0.0.1', '127.0.0.1'),
  '127.0.0.1.': inside('127.0.0.1.', '127.0.0.1'),
  '0.0.0.0': inside('0.0.0.0'),
  '[::ffff:127.0.0.1]': inside('[::ffff:127.0.0.1]', '[::ffff:7f00:1]'),
  '[::]': inside('[::]'),
  '[::1]': inside('[::1]'),
  localhost: inside('localhost'),
  'localhost.': inside('localhost.'),
  'LOCALHOST in capitals': inside('LOCALHOST', 'localhost'),
  'a name below localhost': inside('hub.example.localhost'),
  'the metadata address': { realm: ({ metadata }) => at('169.254.169.254', metadata.port), named: '169.254' },
  'the metadata name': {
    realm: ({ metadata }) => at('metadata.google.internal', metadata.port),
    named: 'metadata.google.internal',
  },
}

/** A registry whose challenge names `realm`, everything that must hear nothing of it, and a cache. */
async function openScene(t: Parameters<typeof startCache>[0], realm: Refused['realm']) {
  const evil = await openEvil(t)
  for (const alias of ['hub.example.evil.test', 'evilhub.example', 'auth.other.example']) {
    setName(alias, [evil.address.replace('127', '11')])
  }
  setName('metadata.google.internal', ['169.254.169.254'])
  const within = await openInside(t)
  const hub: Place = await openPlace(
    t,
    'hub.example',
    guarded(() => realm({ ...within, hub, evil })),
  )
  const cache = await startCache(t, hub.base)
  return { ...within, hub, evil, cache }
}

async function pullAll(cache: Cachalot) {
  const answers = []
  for (const path of Object.values(PATHS)) {
    for (const method of ['HEAD', 'GET']) answers.push(await cache.fetch(path, { method }))
  }
  return answers
}

describe('a challenge whose realm is', () => {
  for (const [what, { realm, named }] of Object.entries(REFUSED)) {
    test(`${what} is refused: nobody is connected to, nobody learns the login`, async (t) => {
      const { cache, ...scene } = await openScene(t, realm)
      for (const answer of await pullAll(cache)) assert.equal(answer.status, 502)
      const said = saidWith(await cache.fetch(PATHS.manifest), 502)
      const expected = typeof named === 'string' ? named : named(scene)
      assert.ok(said.startsWith('token service refused: '), said)
      assert.ok(said.includes(expected), `${said} names ${expected}`)
      const warned = JSON.stringify(cache.log.find(/not trusted/).map(({ fields }) => fields))
      assert.ok(warned.includes(expected), warned)
      assert.equal(scene.evil.accepted(), 0)
      assertUntouched(scene)
      assertNoCredentials(scene.hub)
      assert.ok(scene.hub.hits.every(({ url }) => !url.startsWith('/token')))
    })
  }
})

describe('a token service', () => {
  test('below the registrable name of the upstream gets the login, and the registry the token alone', async (t) => {
    const auth = await openPlace(
      t,
      'auth.hub.example',
      guarded(() => ''),
    )
    const hub = await openPlace(
      t,
      'registry.hub.example',
      guarded(() => `${auth.base}/token`),
    )
    const cache = await startCache(t, hub.base)
    assert.equal((await cache.fetch(PATHS.manifest)).status, 200)
    assert.deepEqual(
      auth.hits.map(({ headers }) => headers.authorization),
      [LOGIN],
    )
    const seen = hub.hits.map(({ headers }) => headers.authorization)
    assert.deepEqual([...new Set(seen)], [undefined, 'Bearer CANARY-token'])
  })

  test('on another port of the same host gets the login', async (t) => {
    const auth = await openPlace(
      t,
      'hub.example',
      guarded(() => ''),
    )
    const { address } = auth
    const hub = await serve(
      t,
      guarded(() => `${auth.base}/token`),
      { address },
    )
    const cache = await startCache(t, `http://hub.example:${hub.port}`)
    assert.equal((await cache.fetch(PATHS.manifest)).status, 200)
    assert.deepEqual(
      auth.hits.map(({ headers }) => headers.authorization),
      [LOGIN],
    )
  })

  for (const [what, addresses] of Object.entries({
    'that resolves to loopback': ['127.0.0.1'],
    'that resolves to the metadata address': ['169.254.169.254'],
    'with one private address among public ones': ['11.0.0.200', '10.0.0.1'],
    'with a mapped address': ['::ffff:127.0.0.1'],
  })) {
    test(`of the own name ${what} is refused when it would be connected to`, async (t) => {
      const within = await openInside(t)
      setName('auth.hub.example', addresses)
      const { port } = addresses[0] === '127.0.0.1' ? within.local : within.metadata
      const hub = await openPlace(
        t,
        'hub.example',
        guarded(() => at('auth.hub.example', port)),
      )
      const cache = await startCache(t, hub.base)
      const said = saidWith(await cache.fetch(PATHS.manifest), 502)
      assert.match(said, /^refused to connect: auth\.hub\.example is at a private address$/)
      assertUntouched(within)
      assertNoCredentials(hub)
    })
  }

  test('that is listed, but private, is refused for a public upstream', async (t) => {
    const within = await openInside(t)
    const hub = await openPlace(
      t,
      'hub.example',
      guarded(() => at('127.0.0.1', within.local.port)),
    )
    const cache = await startCache(t, hub.base, { upstream: { token_hosts: ['127.0.0.1'] } })
    assert.match(saidWith(await cache.fetch(PATHS.manifest), 502), /private address/)
    assertUntouched(within)
  })

  test('that redirects is not followed, so the login goes nowhere else', async (t) => {
    const evil = await openEvil(t)
    const within = await openInside(t)
    for (const to of [`${evil.base}/token`, at('127.0.0.1', within.local.port)]) {
      const hub: Place = await openPlace(t, 'hub.example', (request, response, n) => {
        if (request.url?.startsWith('/token') === true) response.writeHead(307, { Location: to }).end()
        else guarded(() => `${hub.base}/token`)(request, response, n)
      })
      const cache = await startCache(t, hub.base)
      saidWith(await cache.fetch(PATHS.manifest), 502)
      assert.ok(hub.hits.some(({ headers }) => headers.authorization === LOGIN))
    }
    assert.equal(evil.accepted(), 0)
    assertUntouched(within)
  })

  test('of one upstream is nothing to another: its realm there is refused', async (t) => {
    const other = await openPlace(
      t,
      'other.test',
      guarded(() => ''),
    )
    const hub = await openPlace(
      t,
      'hub.example',
      guarded(() => `${other.base}/token`),
    )
    const cache = await startCache(t, hub.base)
    await cache.reload({
      upstreams: [
        { name: 'docker.io', url: hub.base, username: 'puller' },
        { name: 'other.test', url: other.base },
      ],
    })
    saidWith(await cache.fetch(PATHS.manifest), 502)
    assert.equal(other.accepted(), 0)
    assert.ok(!cache.log.text().includes(PASSWORD))
  })
})
