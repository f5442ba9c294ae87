import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createOriginClient } from '../../src/upstream/client.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { type Certificates, certificates } from './certificates.ts'
import { BLOB, clientFor, MANIFEST, rejection, serve, settings, textOf } from './support.ts'

let pki: Certificates
const cleanups: (() => Promise<void> | void)[] = []
before(async () => {
  pki = await certificates({ after: (fn) => cleanups.push(fn) })
})
after(async () => {
  for (const fn of cleanups) await fn()
})

const TO_LOOPBACK = { resolve: async () => [{ address: '127.0.0.1', family: 4 }] }

test('an own authority is trusted beside the usual roots, by address and by name', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'), { tls: pki.host })
  const byAddress = clientFor(t, hub.url, { ca: pki.ca })
  assert.equal(await textOf((await byAddress.client.get(BLOB)).body), 'x')
  const byName = clientFor(t, `https://hub.example:${hub.port}`, { ca: pki.ca }, TO_LOOPBACK)
  assert.equal(await textOf((await byName.client.get(BLOB)).body), 'x')
})

test('a certificate nobody we trust signed is refused, at once and each time', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'), { tls: pki.stray })
  for (const more of [{}, { ca: pki.ca }]) {
    const { client } = clientFor(t, hub.url, more)
    const error = await rejection(client.get(BLOB), 'upstream_unreachable')
    assert.match(error.detail.said ?? '', /DEPTH_ZERO_SELF_SIGNED_CERT/)
  }
  assert.equal(hub.accepted(), 2)
  assert.equal(hub.hits.length, 0)
})

test('a certificate for another name is refused', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'), { tls: pki.host })
  const { client } = clientFor(t, `https://hub.other:${hub.port}`, { ca: pki.ca }, TO_LOOPBACK)
  const error = await rejection(client.get(BLOB), 'upstream_unreachable')
  assert.equal(error.detail.said, 'its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)')
})

test('the authority of one upstream means nothing to another', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'), { tls: pki.host })
  const client = createOriginClient({
    upstreams: [settings(hub.url, { ca: pki.ca }), settings(hub.url, { name: 'other' })],
    clock: fakeClock(),
    log: collectorLog(),
  })
  t.after(() => client.close())
  await client.head(BLOB)
  await rejection(client.head({ ...BLOB, upstream: 'other' }), 'upstream_unreachable')
})

test('the token service has to prove itself like the registry', async (t) => {
  const tokens = await serve(t, (_, response) => response.end('{"token":"T1"}'), { tls: pki.stray })
  const hub = await serve(
    t,
    (_, response) =>
      response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${tokens.url}/token"` }).end(),
    { tls: pki.host },
  )
  const { client } = clientFor(t, hub.url, { ca: pki.ca, username: 'me', password: 'secret' })
  await rejection(client.get(MANIFEST), 'upstream_unreachable')
  assert.equal(tokens.hits.length, 0)
})

test('an https upstream never sends us to an http token service or an http redirect', async (t) => {
  const plain = await serve(t, (_, response) => response.end('{"token":"T1"}'))
  const hub = await serve(
    t,
    (request, response) => {
      if (request.url === BLOB.path) response.writeHead(307, { Location: `${plain.url}/x` }).end()
      else response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${plain.url}/token"` }).end()
    },
    { tls: pki.host },
  )
  const { client } = clientFor(t, hub.url, { ca: pki.ca, username: 'me', password: 'secret' })
  await rejection(client.get(MANIFEST), 'upstream_invalid')
  await rejection(client.get(BLOB), 'upstream_invalid')
  assert.equal(plain.accepted(), 0)
})

test('https connections are kept, and answers that break are told apart from endings', async (t) => {
  const hub = await serve(
    t,
    (_, response, n) => {
      if (n < 4) response.end('x')
      else response.writeHead(200, { 'Content-Length': 10 }).write('abc', () => response.destroy())
    },
    { tls: pki.host },
  )
  const { client } = clientFor(t, hub.url, { ca: pki.ca })
  for (let i = 0; i < 3; i++) assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  assert.ok(hub.accepted() <= 2, `${hub.accepted()} connections`)
  await rejection(textOf((await client.get(BLOB)).body), 'upstream_unreachable')
})

test('plain HTTP where TLS was expected is unreachable', async (t) => {
  const hub = await serve(t, (_, response) => response.end('x'))
  const { client } = clientFor(t, hub.url.replace('http:', 'https:'))
  await rejection(client.get(BLOB), 'upstream_unreachable')
})
