import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { createAddressGuard, isMetadataAddress, isPublicAddress } from '../../src/upstream/address-guard.ts'
import { type Handler, serve } from '../upstream/support.ts'
import {
  answerImage,
  assertUntouched,
  guarded,
  type Inside,
  openInside,
  openPlace,
  PATHS,
  type Place,
  saidWith,
  startCache,
} from './support.ts'
import { lookedUp, setName } from './support-internet.ts'

const REFUSED = /^refused to connect: \S+ is at a private address$/

function sendOn(location: () => string): Handler {
  return (_, response) => {
    response.writeHead(307, { Location: location() }).end()
  }
}

/** A public registry that sends us to `location`, with private hosts that must not be reached. */
async function openScene(t: TestContext, location: (inside: Inside) => string) {
  const inside = await openInside(t)
  const hub: Place = await openPlace(
    t,
    'hub.example',
    guarded(
      () => `${hub.base}/token`,
      sendOn(() => location(inside)),
    ),
  )
  return { inside, hub, cache: await startCache(t, hub.base) }
}

const SPELLINGS = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '0x7f000001',
  '0x7f.0.0.0x1',
  '2130706433',
  '0177.0.0.1',
  '017700000001',
  '127.0.0.1.',
  '%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1',
  '127%E3%80%820%E3%80%820%E3%80%821',
  '%31%32%37.0.0.1',
  '0.0.0.0',
  '0',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::127.0.0.1]',
  'localhost',
  'localhost.',
  'LocalHost',
  'any.localhost',
  '10.0.0.1',
  '192.168.0.1',
  '172.16.0.1',
  '100.64.0.1',
  '[fd00::1]',
  '[fe80::1]',
]
const CLOUDS = [
  '169.254.169.254',
  '[fd00:ec2::254]',
  '[::ffff:169.254.169.254]',
  '100.100.100.200',
  '168.63.129.16',
]

describe('a public registry cannot lead us to', () => {
  for (const host of SPELLINGS) {
    test(host, async (t) => {
      const { inside, cache } = await openScene(t, ({ local }) => `http://${host}:${local.port}/secret`)
      for (const path of Object.values(PATHS)) {
        for (const method of ['HEAD', 'GET']) {
          const answer = await cache.fetch(path, { method })
          assert.equal(answer.status, 502)
          assert.equal(answer.body.includes('INSIDE'), false)
        }
      }
      assert.match(saidWith(await cache.fetch(PATHS.manifest), 502), REFUSED)
      assertUntouched(inside)
    })
  }

  for (const host of [...CLOUDS, 'metadata.google.internal']) {
    test(`${host}, where clouds keep credentials`, async (t) => {
      setName('metadata.google.internal', ['169.254.169.254'])
      const { inside, cache } = await openScene(
        t,
        ({ metadata }) => `http://${host}:${metadata.port}/latest/meta-data/`,
      )
      assert.match(saidWith(await cache.fetch(PATHS.manifest), 502), REFUSED)
      assert.match(saidWith(await cache.fetch(PATHS.blob), 502), REFUSED)
      assertUntouched(inside)
    })
  }

  for (const [what, addresses] of Object.entries({
    'a name of a private address': ['127.0.0.1'],
    'a name of a mapped address': ['::ffff:127.0.0.1'],
    'a name of a private address after a public one': ['11.0.0.250', '127.0.0.1'],
    'a name of a private address before a public one': ['127.0.0.1', '11.0.0.250'],
    'a name of IPv6 loopback beside a public IPv4 address': ['11.0.0.250', '::1'],
  })) {
    test(what, async (t) => {
      setName('cdn.test', addresses)
      const { inside, cache } = await openScene(t, ({ local }) => `http://cdn.test:${local.port}/secret`)
      for (const path of [PATHS.manifest, PATHS.blob]) {
        assert.match(saidWith(await cache.fetch(path), 502), /^refused to connect: cdn\.test is at/)
      }
      assertUntouched(inside)
    })
  }

  test('a name that is public at first and private at the next look-up', async (t) => {
    const cdn = await openPlace(t, 'cdn.test', (request, response, n) => {
      response.setHeader('Connection', 'close')
      answerImage(request, response, n)
    })
    const { local } = await openInside(t)
    const answers = [[cdn.address.replace('127', '11')], ['127.0.0.1']]
    setName('cdn.test', () => answers.shift() ?? ['127.0.0.1'])
    const hub: Place = await openPlace(
      t,
      'hub.example',
      guarded(
        () => `${hub.base}/token`,
        // Each port is open at one of the two addresses alone.
        sendOn(() => `http://cdn.test:${answers.length === 2 ? cdn.port : local.port}${PATHS.blob}`),
      ),
    )
    const cache = await startCache(t, hub.base)
    const before = lookedUp().length
    assert.equal((await cache.fetch(PATHS.blob)).status, 200)
    const asked = lookedUp().slice(before)
    assert.equal(
      asked.filter((name) => name === cdn.name).length,
      cdn.accepted(),
      'one look-up per connection',
    )
    assert.match(saidWith(await cache.fetch(PATHS.manifest), 502), REFUSED)
    assert.equal(local.accepted(), 0)
  })
})

test('an upstream whose own name turns private is no longer asked', async (t) => {
  const { local } = await openInside(t)
  const hub = await openPlace(t, 'hub.example', (request, response, n) => {
    response.setHeader('Connection', 'close')
    answerImage(request, response, n)
  })
  const cache = await startCache(t, hub.base)
  assert.equal((await cache.fetch(PATHS.manifest)).status, 200)
  setName('hub.example', ['127.0.0.1'])
  assert.match(saidWith(await cache.fetch(PATHS.blob), 502), REFUSED)
  assert.equal(local.accepted(), 0)
})

describe('an upstream that may be private', () => {
  test('leads us to private hosts, its blobs may lie there', async (t) => {
    const store = await serve(t, answerImage, { address: '127.0.0.2' })
    const hub = await serve(
      t,
      sendOn(() => `${store.url}${PATHS.blob}`),
    )
    const cache = await startCache(t, hub.url)
    assert.equal((await cache.fetch(PATHS.blob)).status, 200)
  })

  for (const host of [...CLOUDS, 'metadata.test']) {
    test(`never leads us to ${host}`, async (t) => {
      const inside = await openInside(t)
      setName('metadata.test', ['169.254.169.254'])
      const place = () => `http://${host}:${inside.metadata.port}/latest`
      const hub = await serve(t, sendOn(place))
      const challenging = await serve(t, guarded(place))
      for (const url of [hub.url, challenging.url]) {
        const cache = await startCache(t, url, {
          upstream: { token_hosts: ['metadata.test', '169.254.169.254'] },
        })
        for (const path of [PATHS.manifest, PATHS.blob]) {
          assert.match(saidWith(await cache.fetch(path), 502), /refused/)
        }
      }
      assertUntouched(inside)
    })
  }

  test('may be at a link-local address itself', () => {
    const guard = createAddressGuard({ url: 'http://169.254.20.10:5000', allowPrivate: true })
    guard.checkUrl(new URL('http://169.254.20.10:5000/v2/'))
    guard.checkAddresses('169.254.20.10', [{ address: '169.254.20.10' }])
    assert.throws(() => guard.checkUrl(new URL('http://169.254.169.254/')), /private address/)
    const named = createAddressGuard({ url: 'http://registry.test', allowPrivate: true })
    named.checkAddresses('registry.test', [{ address: 'fe80::1' }])
    assert.throws(() => named.checkAddresses('other.test', [{ address: 'fe80::1' }]), /private address/)
  })
})

test('addresses of clouds are told from others, and are never public', () => {
  const addresses = [
    '169.254.0.1',
    '169.254.169.254',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    'fe80::1',
    'fd00:ec2::254',
    'fd20:ce::254',
  ]
  for (const address of addresses) {
    assert.equal(isMetadataAddress(address), true, address)
    assert.equal(isPublicAddress(address), false, address)
  }
  for (const address of ['127.0.0.1', '10.0.0.1', '168.63.129.17', '8.8.8.8', '::1', 'fd00::1', 'name', '']) {
    assert.equal(isMetadataAddress(address), false, address)
  }
})
