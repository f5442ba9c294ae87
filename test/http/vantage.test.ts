import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { suite, test } from 'node:test'
import { PRIVATE_NETWORKS } from '../../src/config/networks.ts'
import { type ContainerFacts, publishedPortWarning } from '../../src/http/vantage-container.ts'
import { createProxyNotice, type ProxySettings } from '../../src/http/vantage-proxy.ts'
import { collectorLog } from '../support/collector-log.ts'

const ROUTES = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0',
  '',
].join('\n')

function devices(...names: readonly string[]): string {
  const head = 'Inter-|   Receive  \n face |bytes    packets\n'
  return head + names.map((name) => `${name.padStart(6)}: 1 2 3 4\n`).join('')
}

/** A container of Docker on its default bridge. */
const DOCKER: Readonly<Record<string, string>> = {
  '/.dockerenv': '',
  '/proc/1/cgroup': '0::/\n',
  '/proc/net/dev': devices('lo', 'eth0'),
  '/proc/net/route': ROUTES,
}

function warning(
  files: Readonly<Record<string, string | undefined>> = {},
  settings: Partial<Omit<ContainerFacts, 'readText'>> = {},
): string | undefined {
  const all: Readonly<Record<string, string | undefined>> = { ...DOCKER, ...files }
  return publishedPortWarning({
    readText: (file) => all[file],
    anonymousPull: PRIVATE_NETWORKS,
    trustedProxies: [],
    host: '0.0.0.0',
    ...settings,
  })
}

suite('a start in a container', () => {
  test('warns of a bridge whose address may pull, and says what to set', () => {
    const said = warning()
    assert.ok(said !== undefined)
    for (const words of ['172.17.0.1', 'auth.anonymous_pull', 'server.trusted_proxies', 'userland-proxy']) {
      assert.ok(said.includes(words), `${words} in: ${said}`)
    }
    assert.match(said, /network of the host/)
    assert.notEqual(warning({}, { host: '::' }), undefined)
    assert.notEqual(warning({}, { anonymousPull: ['172.16.0.0/12'] }), undefined)
  })

  test('is known by what Docker, podman and Kubernetes leave there', () => {
    const bare = { '/.dockerenv': undefined }
    assert.equal(warning(bare), undefined)
    assert.notEqual(warning({ ...bare, '/run/.containerenv': 'engine="podman-4.3.1"' }), undefined)
    for (const group of [
      '12:pids:/docker/8f3a\n',
      '0::/kubepods.slice/kubepods-besteffort.slice\n',
      '0::/machine.slice/libpod-1.scope',
    ]) {
      assert.notEqual(warning({ ...bare, '/proc/1/cgroup': group }), undefined, group)
    }
    assert.equal(warning({ ...bare, '/proc/1/cgroup': '0::/init.scope\n' }), undefined)
  })

  test('says nothing where it makes no difference who is taken for whom', () => {
    assert.equal(warning({}, { anonymousPull: 'all' }), undefined)
    assert.equal(warning({}, { anonymousPull: 'none' }), undefined)
    assert.equal(warning({}, { anonymousPull: [] }), undefined)
    assert.equal(warning({}, { anonymousPull: ['192.168.1.0/24'] }), undefined)
    assert.equal(warning({}, { trustedProxies: ['172.17.0.1/32'] }), undefined)
    for (const host of ['127.0.0.1', '::1', 'localhost']) assert.equal(warning({}, { host }), undefined)
  })

  test('says nothing on the network of the host, behind a public gateway, or without any', () => {
    for (const name of ['docker0', 'br-0a1b2c', 'veth12ab', 'podman0', 'cni0']) {
      assert.equal(warning({ '/proc/net/dev': devices('lo', 'eth0', name) }), undefined, name)
    }
    assert.equal(warning({ '/proc/net/route': ROUTES.replace('010011AC', '01007BCB') }), undefined)
    assert.equal(warning({ '/proc/net/route': ROUTES.split('\n').slice(0, 2).join('\n') }), undefined)
    assert.equal(warning({ '/proc/net/route': 'nonsense' }), undefined)
    assert.equal(warning({ '/proc/net/route': undefined, '/proc/net/dev': undefined }), undefined)
  })
})

function noticeOf(settings: Partial<ProxySettings> = {}) {
  const log = collectorLog()
  const initial: ProxySettings = { anonymousPull: PRIVATE_NETWORKS, trustedProxies: [], ...settings }
  const notice = createProxyNotice(initial, log)
  const note = (remoteAddress: string | undefined, headers: IncomingMessage['headers'] = {}): void =>
    // Nothing else of a request is looked at.
    notice.note({ headers, socket: { remoteAddress } } as unknown as IncomingMessage)
  /** The proxies that were told of. */
  const told = () => log.find('warn').map(({ fields }) => fields['proxy'])
  return { log, notice, initial, note, told }
}

suite('requests that somebody passed on', () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }

  test('are told of once for each peer that is not trusted, whichever header shows it', () => {
    const { log, note, told } = noticeOf()
    note('10.0.0.1')
    assert.deepEqual(told(), [])
    for (let i = 0; i < 3; i++) note('10.0.0.1', forwarded)
    note('::ffff:10.0.0.1', forwarded)
    note('10.0.0.2', { forwarded: 'for=203.0.113.9' })
    note('fd00::1', { 'x-real-ip': '203.0.113.9' })
    note('fd00::2', { 'x-real-ip': '203.0.113.9' })
    assert.deepEqual(told(), ['10.0.0.1', '10.0.0.2', 'fd00:0:0:0::/64'])
    assert.match(log.text(), /server\.trusted_proxies/)
  })

  test('are nothing to tell of where the peer is trusted, may not pull anyway, or everybody may', () => {
    const cases: readonly (readonly [peer: string | undefined, settings: Partial<ProxySettings>])[] = [
      ['10.0.0.1', { trustedProxies: ['10.0.0.0/24'] }],
      ['203.0.113.1', {}],
      ['10.0.0.1', { anonymousPull: ['192.168.0.0/16'] }],
      ['10.0.0.1', { anonymousPull: 'all' }],
      ['10.0.0.1', { anonymousPull: 'none' }],
      [undefined, {}],
    ]
    for (const [peer, settings] of cases) {
      const { note, told } = noticeOf(settings)
      note(peer, forwarded)
      assert.deepEqual(told(), [], JSON.stringify(settings))
    }
  })

  test('fill no log, and are told of again after the configuration changed', () => {
    const { notice, initial, note, told } = noticeOf()
    for (let i = 0; i < 5000; i++) note(`10.0.${i >> 8}.${i & 255}`, forwarded)
    assert.equal(told().length, 100)
    notice.update({ ...initial, trustedProxies: ['10.0.0.0/24'] })
    note('10.0.0.1', forwarded)
    note('10.0.1.1', forwarded)
    assert.deepEqual(told().slice(100), ['10.0.1.1'])
  })
})
