import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { suite, test } from 'node:test'
import { type ApproachSettings, createApproach } from '../../src/http/console-host.ts'

interface Given {
  readonly host?: string | undefined
  readonly proto?: string
  readonly peer?: string
  readonly encrypted?: boolean
}

/** As much of a request as is looked at. */
function request({ host, proto, peer = '192.0.2.1', encrypted }: Given): IncomingMessage {
  const headers = { host, 'x-forwarded-proto': proto }
  return { headers, socket: { remoteAddress: peer, encrypted } } as unknown as IncomingMessage
}

const PROXY = { trustedProxies: ['10.0.0.0/8'] }

function isServed(given: Given, settings: Partial<ApproachSettings> = {}): boolean {
  const approach = createApproach({ publicUrl: undefined, trustedProxies: [], ...settings })
  try {
    approach.requireOwnHost(request(given))
    return true
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'denied')
    return false
  }
}

suite('a name of ours', () => {
  test('is one that no stranger can have', () => {
    for (const host of [
      'nas:5000',
      'NAS',
      'cache.lan:5000',
      'cache.home.arpa',
      'my-nas.local',
      'a.b.internal:80',
      'localhost:5000',
      'x.localhost',
      '127.0.0.1:5000',
      '192.168.1.5',
      '203.0.113.7:5000',
      '[::1]:5000',
      '[fd00::5]',
      'nas.',
    ])
      assert.equal(isServed({ host }), true, host)
    for (const host of [
      'evil.example',
      'evil.example:5000',
      'rebind.network',
      'nas.lan.evil.example',
      '127.0.0.1.nip.io',
      '192.168.1.5.evil.example',
      'localhost.evil.example',
      'evil.example.',
      'evilhome.arpa.com',
      '0x7f.1',
      '127.1',
      '[::1].evil.example',
      '[evil.example]',
      'user@localhost',
      'localhost/x',
      'a b',
      '',
      undefined,
    ])
      assert.equal(isServed({ host }), false, String(host))
  })

  test('is public_url where there is one, and then no other name', () => {
    const settings = { publicUrl: 'https://Cache.example.com:8443' }
    for (const host of ['cache.example.com', 'CACHE.example.com:8443', '10.0.0.5:5000', 'localhost:5000'])
      assert.equal(isServed({ host }, settings), true, host)
    for (const host of ['nas:5000', 'cache.lan', 'example.com', 'evil.example', 'x.cache.example.com'])
      assert.equal(isServed({ host }, settings), false, host)
    assert.equal(isServed({ host: 'evil.example', encrypted: true }, settings), false)
  })

  test('is any by https, which the browser has checked; a proxy is believed that is trusted', () => {
    const host = 'cache.example.com'
    assert.equal(isServed({ host, encrypted: true }), true)
    assert.equal(isServed({ host, proto: 'https' }), false)
    assert.equal(isServed({ host, proto: 'https', peer: '10.0.0.1' }, PROXY), true)
    assert.equal(isServed({ host, proto: 'https', peer: '::ffff:10.0.0.1' }, PROXY), true)
    assert.equal(isServed({ host, proto: 'http', peer: '10.0.0.1' }, PROXY), false)
    assert.equal(isServed({ host, proto: 'https, http', peer: '10.0.0.1' }, PROXY), false)
    assert.equal(isServed({ host, proto: 'https' }, PROXY), false)
  })
})

test('clients call this cache as it was asked for, or by public_url', () => {
  const baseOf = (given: Given, settings: Partial<ApproachSettings> = {}) =>
    createApproach({ publicUrl: undefined, trustedProxies: [], ...settings }).baseOf(request(given))
  assert.equal(baseOf({ host: 'NAS:5000' }), 'http://nas:5000')
  assert.equal(baseOf({ host: '[::1]:5000' }), 'http://[::1]:5000')
  assert.equal(baseOf({ host: 'c.example', encrypted: true }), 'https://c.example')
  assert.equal(baseOf({ host: 'c.example', proto: 'https', peer: '10.0.0.1' }, PROXY), 'https://c.example')
  assert.equal(baseOf({ host: 'c.example', proto: 'https' }, PROXY), 'http://c.example')
  assert.equal(baseOf({ host: 'x' }, { publicUrl: 'https://c.example' }), 'https://c.example')
  for (const host of ['a"b', 'a b', "a';rm -rf ~", 'a/b', '$(id)', undefined])
    assert.equal(baseOf({ host }), 'http://localhost', String(host))
})
