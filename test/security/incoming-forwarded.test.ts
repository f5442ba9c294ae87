import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { suite, test } from 'node:test'
import { parseAnonymousPull, parseNetworks } from '../../src/config/networks.ts'
import { isRefusal } from '../../src/config/parsers.ts'
import { createClientAddress } from '../../src/http/client-address.ts'
import { manifestPath } from '../e2e/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'

/** What proxies write, and what only they should be believed. */
const CLAIMS: Readonly<Record<string, string>> = {
  'x-forwarded-for': '203.0.113.9',
  'x-real-ip': '203.0.113.9',
  'x-client-ip': '203.0.113.9',
  'true-client-ip': '203.0.113.9',
  'cf-connecting-ip': '203.0.113.9',
  'x-cluster-client-ip': '203.0.113.9',
  forwarded: 'for=203.0.113.9;proto=https;host=evil.test',
  'x-forwarded-host': 'evil.test',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '444',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-uri': '/healthz',
  'x-original-url': '/healthz',
  'x-rewrite-url': '/healthz',
  'x-http-method-override': 'DELETE',
  'x-method-override': 'DELETE',
  'x-forwarded-user': 'admin',
  'x-remote-user': 'admin',
  'remote-user': 'admin',
  'x-webauth-user': 'admin',
  'x-authenticated-user': 'admin',
  'x-registry-supports-signatures': '1',
}

/** An answer without what differs from one to the next. */
async function answerTo(cache: Cachalot, path: string, headers: Readonly<Record<string, string>>) {
  const { status, headers: told, body } = await cache.fetch(path, { headers })
  const { 'x-request-id': _id, date: _date, ...same } = told
  return { status, headers: same, body: body.toString() }
}

/** SEC-19 */
suite('what a client says of itself', () => {
  test('changes nothing, each header alone and all together', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const tag of ['1', '2']) hub.addImage('library/app', { tags: [tag], layers: 0 })
    const paths = [
      '/v2/',
      manifestPath('1'),
      '/v2/app/tags/list?n=1',
      '/v2/_catalog',
      '/v2/App/manifests/1',
      '/healthz',
    ]
    for (const path of paths) {
      await answerTo(cache, path, {})
      const plain = await answerTo(cache, path, {})
      for (const [name, value] of Object.entries(CLAIMS))
        assert.deepEqual(await answerTo(cache, path, { [name]: value }), plain, `${path} ${name}`)
      assert.deepEqual(await answerTo(cache, path, CLAIMS), plain, path)
    }
    const clients = cache.log.find(/^request$/).map(({ fields }) => fields['client'])
    assert.deepEqual([...new Set(clients)], ['127.0.0.1'])
    assert.doesNotMatch(cache.log.text(), /203\.0\.113\.9|evil\.test/)
  })

  test('of a trusted proxy only X-Forwarded-For is believed, and without it nobody is there', async (t) => {
    const { cache } = await startPair(t, { config: { server: { trusted_proxies: ['127.0.0.0/8'] } } })
    const { 'x-forwarded-for': _for, ...others } = CLAIMS
    assert.equal((await cache.fetch('/v2/', { headers: others })).status, 401)
    await cache.fetch('/v2/', { headers: { ...others, 'x-forwarded-for': '192.168.7.7' } })
    const clients = cache.log.find(/^request$/).map(({ fields }) => fields['client'])
    assert.deepEqual(clients, ['unknown', '192.168.7.7'])
  })
})

function clientOf(trusted: readonly string[], peer: string, forwarded: string): string {
  const networks = trusted.flatMap((text) => {
    const parsed = parseNetworks(text)
    assert.ok(!isRefusal(parsed), text)
    return parsed
  })
  // Nothing else of a request is looked at.
  const req = {
    headers: { 'x-forwarded-for': forwarded },
    socket: { remoteAddress: peer },
  } as unknown as IncomingMessage
  return createClientAddress(networks)(req)
}

/** SEC-19 */
suite('a list of trusted networks', () => {
  test('trusts nobody when it is empty, and whole families only where they are named', () => {
    assert.equal(clientOf([], '192.0.2.1', '10.0.0.1'), '192.0.2.1')
    assert.equal(clientOf(['0.0.0.0/0'], '192.0.2.1', '198.51.100.1'), '198.51.100.1')
    assert.equal(clientOf(['0.0.0.0/0'], '::ffff:192.0.2.1', '198.51.100.1'), '198.51.100.1')
    assert.equal(clientOf(['0.0.0.0/0'], '2001:db8::1', '198.51.100.1'), '2001:db8::1')
    assert.equal(clientOf(['::/0'], '2001:db8::1', '2001:db8::2'), '2001:db8::2')
    // IPv4 has its place in IPv6 notation.
    assert.equal(clientOf(['::/0'], '192.0.2.1', '198.51.100.1'), '198.51.100.1')
  })

  test('means ten by ten, however it is written, and never everybody', () => {
    for (const ten of ['10.0.0.0/8', '::ffff:10.0.0.0/8', '::ffff:10.0.0.0/104', '::FFFF:10.0.0.0/104']) {
      assert.equal(clientOf([ten], '10.9.9.9', '192.0.2.7'), '192.0.2.7', ten)
      assert.equal(clientOf([ten], '::ffff:10.9.9.9', '192.0.2.7'), '192.0.2.7', ten)
      for (const peer of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '::1', '127.0.0.1'])
        assert.equal(
          clientOf([ten], peer, '203.0.113.9').replace('::ffff:', ''),
          peer.replace('::ffff:', ''),
          ten,
        )
    }
    assert.equal(clientOf(['::ffff:a00:0/104'], '192.0.2.1', '203.0.113.9'), '192.0.2.1')
  })

  test('has no room for what is no network', () => {
    const wrong = [
      '',
      ' ',
      '/',
      '/8',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0.0/1e1',
    ]
    const more = [
      '::/129',
      'fe80::1%eth0',
      '010.0.0.1',
      '10.0.0',
      '10.0.0.0/0x8',
      '*',
      'all',
      '10.0.0.0/ 8',
      '1',
      'a.b',
    ]
    for (const text of [...wrong, ...more]) {
      assert.ok(isRefusal(parseNetworks(text)), JSON.stringify(text))
      assert.ok(isRefusal(parseAnonymousPull([text])), JSON.stringify(text))
    }
    assert.deepEqual(parseAnonymousPull([]), [])
  })
})
