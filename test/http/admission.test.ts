import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { PRIVATE_NETWORKS } from '../../src/config/networks.ts'
import { createAdmission } from '../../src/http/admission.ts'
import { createClientAddress } from '../../src/http/client-address.ts'
import { startPair } from '../support/cachalot.ts'

/** Who the client is when this peer sends this header. */
function addressOf(trusted: readonly string[], peer: string, forwarded?: string | string[]): string {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': [forwarded].flat().join(', ') }
  // Nothing else of a request is looked at.
  const req = { headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage
  return createClientAddress(trusted)(req)
}

function isAdmitted(rule: 'all' | 'none' | readonly string[], address: string): boolean {
  return createAdmission(rule)(address)
}

describe('the client', () => {
  test('is the peer, whatever it claims, unless the peer is trusted', () => {
    assert.equal(addressOf([], '192.0.2.1', '10.0.0.1'), '192.0.2.1')
    assert.equal(addressOf(['10.0.0.0/8'], '192.0.2.1', '10.0.0.1'), '192.0.2.1')
    assert.equal(addressOf(['10.0.0.0/8'], '10.0.0.1'), '10.0.0.1')
    assert.equal(addressOf([], '::ffff:192.0.2.1'), '192.0.2.1')
  })

  test('is the last address that no trusted proxy wrote', () => {
    const trusted = ['10.0.0.0/8', 'fd00::/8']
    assert.equal(addressOf(trusted, '10.0.0.1', '192.0.2.7'), '192.0.2.7')
    assert.equal(
      addressOf(trusted, '10.0.0.1', '198.51.100.1, 192.0.2.7'),
      '192.0.2.7',
      'the first is a claim',
    )
    assert.equal(addressOf(trusted, '10.0.0.1', '192.0.2.7, 10.0.0.2'), '192.0.2.7')
    assert.equal(addressOf(trusted, 'fd00::1', ['192.0.2.7', '10.0.0.2']), '192.0.2.7')
    assert.equal(addressOf(trusted, '::ffff:10.0.0.1', '::ffff:192.0.2.7'), '192.0.2.7')
    assert.equal(addressOf(trusted, '10.0.0.1', '10.0.0.3, 10.0.0.2'), '10.0.0.3')
  })

  test('may come with port and brackets', () => {
    for (const [written, address] of [
      ['192.0.2.7:4711', '192.0.2.7'],
      ['[2001:db8::7]:4711', '2001:db8::7'],
      ['[2001:db8::7]', '2001:db8::7'],
      ['2001:db8::7', '2001:db8::7'],
    ] as const) {
      assert.equal(addressOf(['10.0.0.1'], '10.0.0.1', written), address, written)
    }
  })

  test('is unknown where a trusted proxy speaks of it in other headers only, and the proxy where it says nothing', () => {
    const address = (headers: Record<string, string>) => {
      // Nothing else of a request is looked at.
      const req = { headers, socket: { remoteAddress: '10.0.0.1' } } as unknown as IncomingMessage
      return createClientAddress(['10.0.0.0/8'])(req)
    }
    assert.equal(address({}), '10.0.0.1')
    for (const name of ['x-real-ip', 'forwarded', 'via', 'x-forwarded-host', 'x-forwarded-proto'])
      assert.equal(address({ [name]: '10.0.0.9' }), 'unknown', name)
    assert.equal(address({ via: '1.1 proxy', 'x-forwarded-for': '192.0.2.9' }), '192.0.2.9')
  })

  test('is unknown, and not the proxy, where the proxy does not say who it is', () => {
    for (const written of [
      'unknown',
      '_hidden',
      '010.0.0.1',
      '1.2.3',
      '1.2.3.4.5',
      '%',
      '1.2.3.4:x',
      '[::',
    ]) {
      const address = addressOf(['10.0.0.1'], '10.0.0.1', written)
      assert.equal(address, 'unknown', written)
      assert.ok(!isAdmitted(PRIVATE_NETWORKS, address))
    }
  })

  test('is never made up of a network that somebody wrote for IPv4 in the notation of IPv6', () => {
    const trusted = ['::ffff:10.0.0.0/8']
    assert.equal(addressOf(trusted, '192.0.2.1', '10.9.9.9'), '192.0.2.1')
    assert.equal(addressOf(trusted, '10.0.0.1', '192.0.2.7'), '192.0.2.7')
    assert.equal(addressOf(['::ffff:10.0.0.0/104'], '10.0.0.1', '192.0.2.7'), '192.0.2.7')
  })
})

describe('pulling without a login', () => {
  test('is for loopback, private, unique local and link-local addresses by default', () => {
    const inside = ['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.9.9', '192.168.1.1', '169.254.1.1']
    const inside6 = ['::1', 'fd12::1', 'fe80::1', 'fe80::1%eth0', '::ffff:a00:1']
    for (const address of [...inside, ...inside6]) assert.ok(isAdmitted(PRIVATE_NETWORKS, address), address)
    const outside = ['8.8.8.8', '172.32.0.1', '192.169.0.1', '100.64.0.1', '2001:db8::1', '::', '', 'unknown']
    for (const address of outside) assert.ok(!isAdmitted(PRIVATE_NETWORKS, address), address)
  })

  test('is for all, for nobody, or for those who are named', () => {
    assert.ok(isAdmitted('all', '8.8.8.8') && isAdmitted('all', 'unknown'))
    assert.ok(!isAdmitted('none', '127.0.0.1'))
    const some = ['192.0.2.0/24', '2001:db8::1']
    assert.ok(isAdmitted(some, '192.0.2.200') && isAdmitted(some, '2001:db8::1'))
    assert.ok(
      !isAdmitted(some, '192.0.3.1') && !isAdmitted(some, '2001:db8::2') && !isAdmitted(some, '127.0.0.1'),
    )
  })

  test('follows the header of a trusted proxy, and changes with the configuration', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/app', { tags: ['1'] })
    const status = async (forwarded?: string) => {
      const headers =
        forwarded === undefined ? {} : { 'x-forwarded-for': forwarded, 'x-real-ip': '127.0.0.1' }
      return (await cache.fetch('/v2/app/manifests/1', { headers })).status
    }
    assert.equal(await status('8.8.8.8'), 200, 'nobody is trusted yet')
    await cache.reload({ config: { server: { trusted_proxies: ['127.0.0.1'] } } })
    assert.equal(await status(), 200)
    assert.equal(await status('192.168.1.1'), 200)
    assert.equal(await status('8.8.8.8'), 401)
    assert.equal(await status('192.168.1.1, 8.8.8.8'), 401)
    assert.equal(await status('8.8.8.8, 127.0.0.1'), 401)
    assert.equal(await status('nobody'), 401)
    await cache.reload({ config: { auth: { anonymous_pull: ['8.8.8.0/24'] } } })
    assert.equal(await status('8.8.8.8'), 200)
    assert.equal(await status('192.168.1.1'), 401)
    await cache.reload({ config: { auth: { anonymous_pull: 'all' } } })
    assert.equal(await status('nobody'), 200)
    await cache.reload({ config: { auth: { anonymous_pull: 'none' }, server: { trusted_proxies: [] } } })
    assert.equal(await status(), 401)
    assert.equal((await cache.fetch('/healthz')).status, 200)
  })
})
