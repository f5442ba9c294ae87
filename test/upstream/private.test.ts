import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPublicAddress } from '../../src/upstream/address-guard.ts'
import { BLOB, clientFor, rejection, serve, textOf } from './support.ts'

const PUBLIC = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808']
const PRIVATE = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '0.1.2.3',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '192.0.2.1',
  '198.18.0.1',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::808:808',
  '2002:7f00:1::',
  '2001:0:1::',
  '2001:db8::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'fc00::1',
  'fd12:3456::1',
  'ff02::1',
  'not an address',
  '',
]

test('public addresses are public, everything else is private', () => {
  for (const address of PUBLIC) assert.equal(isPublicAddress(address), true, address)
  for (const address of PRIVATE) assert.equal(isPublicAddress(address), false, address)
})

const SPELLINGS = [
  '127.0.0.1',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '127.0.0.1.',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  '0.0.0.0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
]

for (const spelling of SPELLINGS) {
  test(`an upstream at ${spelling} is refused unless it may be private`, async (t) => {
    const hub = await serve(t, (_, response) => response.end('x'))
    const { client, log } = clientFor(t, `http://${spelling}:${hub.port}`, { allowPrivate: false })
    const error = await rejection(client.get(BLOB), 'upstream_invalid')
    assert.match(error.detail.said ?? '', /private address/)
    assert.equal(hub.accepted(), 0)
    assert.equal(log.find('warn').length, 1)
    assert.equal(client.health('hub'), 'closed')
  })
}

test('a name with one private address among its answers is refused', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'))
  const { client } = clientFor(
    t,
    `http://hub.example:${hub.port}`,
    { allowPrivate: false },
    {
      resolve: async () => [
        { address: '203.1.113.9', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    },
  )
  const error = await rejection(client.get(BLOB), 'upstream_invalid')
  assert.match(error.detail.said ?? '', /hub\.example/)
  assert.equal(hub.accepted(), 0)
})

test('the address that was checked is the address that is connected to', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'))
  const asked: string[] = []
  const { client } = clientFor(
    t,
    `http://hub.example:${hub.port}`,
    { allowPrivate: true },
    {
      resolve: async (name) => {
        asked.push(name)
        return [{ address: '127.0.0.1', family: 4 }]
      },
    },
  )
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  assert.deepEqual(asked, ['hub.example'])
  assert.equal(hub.hits[0]?.headers.host, `hub.example:${hub.port}`)
})

/** A public-looking upstream cannot exist on loopback, so the guard is watched on what it is redirected to. */
const PLACES: readonly [string, (port: number) => string][] = [
  ['a redirect', (port) => `http://127.0.0.1:${port}/secret`],
  ['a redirect in disguise', (port) => `http://0x7f.1:${port}/secret`],
  ['a redirect to localhost', (port) => `http://localhost:${port}/secret`],
]

for (const [what, location] of PLACES) {
  test(`${what} to a private address is refused`, async (t) => {
    const inside = await serve(t, (_, response) => response.end('secret'))
    const proxy = await serve(t, (_, response) => {
      response.writeHead(307, { Location: location(inside.port) }).end()
    })
    // The proxy plays the public upstream.
    const { client } = clientFor(t, 'http://hub.example', { allowPrivate: false, proxy: proxy.url })
    await rejection(client.get(BLOB), 'upstream_invalid')
    assert.equal(inside.accepted(), 0)
  })
}

test('a private upstream may redirect to and get tokens from private addresses', async (t) => {
  const cdn = await serve(t, (_, response) => response.end('x'), { address: '127.0.0.2' })
  const hub = await serve(t, (request, response) => {
    if (request.url?.startsWith('/token') === true) response.end('{"token":"T1"}')
    else if (request.headers.authorization !== undefined) response.writeHead(307, { Location: cdn.url }).end()
    else response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${hub.url}/token"` }).end()
  })
  const { client } = clientFor(t, hub.url)
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
})

test('::1 works as a host of its own', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'), { address: '::1' })
  const { client } = clientFor(t, hub.url)
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
})
