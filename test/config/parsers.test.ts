import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseCron } from '../../src/config/cron.ts'
import {
  namesPrivateHost,
  PRIVATE_NETWORKS,
  parseAnonymousPull,
  parseNetworks,
} from '../../src/config/networks.ts'
import {
  isRefusal,
  parseHost,
  parseListen,
  parseProxy,
  parsePublicUrl,
  parseRate,
  parseShare,
  parseTime,
  parseUpstreamUrl,
} from '../../src/config/parsers.ts'

/** Every text is read as the value beside it, or refused. */
function reads(parse: (text: string) => unknown, cases: Record<string, unknown>): void {
  for (const [text, expected] of Object.entries(cases)) {
    const value = parse(text)
    if (expected === REFUSED) assert.ok(isRefusal(value), `${text} is refused`)
    else assert.deepEqual(value, expected, text)
  }
}

const REFUSED = Symbol('refused')

void test('a listen address is host and port', () => {
  reads(parseListen, {
    '0.0.0.0:5000': { host: '0.0.0.0', port: 5000 },
    '[::]:5000': { host: '::', port: 5000 },
    '[::1]:0': { host: '::1', port: 0 },
    'localhost:65535': { host: 'localhost', port: 65535 },
    ':5000': { host: '0.0.0.0', port: 5000 },
    '::1:5000': REFUSED,
    '[]:5000': REFUSED,
    '[localhost]:5000': REFUSED,
    '0.0.0.0:65536': REFUSED,
    '0.0.0.0': REFUSED,
    '5000': REFUSED,
    'http://x:1': REFUSED,
    'a b:1': REFUSED,
  })
})

void test('a listen address that is nearly right is answered with the right one', () => {
  for (const [text, hint] of [
    ['5000', '"0.0.0.0:5000"'],
    ['::1:5000', '"[::1]:5000"'],
    ['myhost', '"myhost:5000"'],
  ] as const) {
    const answer = parseListen(text)
    assert.ok(isRefusal(answer) && answer.refusal.includes(hint))
  }
})

void test('parsers answer every text with a value or a refusal', () => {
  const parsers = [
    parseListen,
    parseNetworks,
    parseCron,
    parseRate,
    parseShare,
    parseUpstreamUrl,
    parseProxy,
    (text: string) => parseHost(text, 'with port'),
  ]
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.ipV4(),
    fc.ipV6(),
    fc.stringMatching(/^[\d*/,:. -]{0,20}$/),
  )
  fc.assert(fc.property(fc.constantFrom(...parsers), text, (parse, input) => void parse(input)))
})

void test('every address and port that was read can be written and read again', () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
    fc.domain(),
  )
  fc.assert(
    fc.property(host, fc.nat(65535), (name, port) => {
      assert.deepEqual(parseListen(`${name}:${port}`), { host: name.replace(/^\[|\]$/g, ''), port })
    }),
  )
})

void test('networks are CIDRs, single addresses or "private"', () => {
  reads(parseNetworks, {
    '10.0.0.0/8': ['10.0.0.0/8'],
    '10.1.2.3': ['10.1.2.3/32'],
    'fd00::/8': ['fd00::/8'],
    '::1': ['::1/128'],
    private: PRIVATE_NETWORKS,
    '10.0.0.0/33': REFUSED,
    'fd00::/129': REFUSED,
    '10.0.0/8': REFUSED,
    '10.0.0.0/': REFUSED,
    '10.0.0.0/8/8': REFUSED,
    'fe80::1%eth0': REFUSED,
    all: REFUSED,
    '': REFUSED,
  })
})

void test('anonymous_pull is a word or networks', () => {
  assert.equal(parseAnonymousPull('all'), 'all')
  assert.deepEqual(parseAnonymousPull('10.0.0.0/8'), ['10.0.0.0/8'])
  assert.deepEqual(parseAnonymousPull(['10.0.0.0/8', '::1']), ['10.0.0.0/8', '::1/128'])
  assert.ok(isRefusal(parseAnonymousPull('everyone')))
  assert.ok(isRefusal(parseAnonymousPull(['all'])))
})

void test('URLs of private and loopback hosts are known without asking DNS', () => {
  for (const host of [
    '127.1',
    '0x7f000001',
    '10.0.0.1',
    '192.168.1.1',
    '[::1]',
    '[fd00::1]',
    '[::ffff:127.0.0.1]',
  ]) {
    assert.ok(namesPrivateHost(`http://${host}:5000`), host)
  }
  for (const host of [
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '169.254.169.254',
    '0.0.0.0',
    '[::]',
    '100.64.0.1',
  ]) {
    assert.ok(namesPrivateHost(`http://${host}:5000`), host)
  }
  for (const host of ['ghcr.io', '8.8.8.8', '[2001:db8::1]', 'localhost.example.com', '172.32.0.1']) {
    assert.ok(!namesPrivateHost(`http://${host}`), host)
  }
})

void test('an upstream url is http or https without credentials, query and fragment', () => {
  reads(parseUpstreamUrl, {
    'https://GHCR.io': 'https://ghcr.io',
    'http://127.0.0.1:5000/': 'http://127.0.0.1:5000',
    'https://art.example.com/docker/hub/': 'https://art.example.com/docker/hub',
    'https://ghcr.io/v2/': REFUSED,
    'https://u:p@ghcr.io': REFUSED,
    'https://ghcr.io?x=1': REFUSED,
    'https://ghcr.io#x': REFUSED,
    'ftp://ghcr.io': REFUSED,
    'ghcr.io': REFUSED,
    'https:ghcr.io': REFUSED,
  })
})

void test('a public url is scheme, host and port', () => {
  reads(parsePublicUrl, {
    'https://cache.example.com': 'https://cache.example.com',
    'https://cache.example.com:443/': 'https://cache.example.com',
    'http://cache.lan:5000': 'http://cache.lan:5000',
    'https://cache.example.com/x': REFUSED,
    'https://u@cache.example.com': REFUSED,
    'cache.example.com': REFUSED,
  })
})

void test('rates, shares and durations', () => {
  reads(parseRate, {
    '600/m': { count: 600, perMs: 60_000 },
    '5 / s': { count: 5, perMs: 1000 },
    '0': undefined,
    '0/m': REFUSED,
    '600': REFUSED,
    '600/y': REFUSED,
  })
  reads(parseShare, {
    '90%': { share: 0.9 },
    '45GiB': { bytes: 45 * 2 ** 30 },
    '101%': REFUSED,
    '-1%': REFUSED,
  })
  reads(parseTime, { '5m': 300_000, '0': 0, '5': REFUSED, soon: REFUSED })
})

void test('cron expressions have five or six plausible fields', () => {
  reads(parseCron, {
    '17 3 * * *': '17 3 * * *',
    '0 4 * * 0': '0 4 * * 0',
    '*/5  1-5,8 * jan mon-fri': '*/5 1-5,8 * jan mon-fri',
    '30 17 3 * * *': '30 17 3 * * *',
    '': undefined,
    '* * * *': REFUSED,
    '60 * * * *': REFUSED,
    '* 24 * * *': REFUSED,
    '* * 0 * *': REFUSED,
    '* * * foo *': REFUSED,
    '*/0 * * * *': REFUSED,
    '@daily': REFUSED,
  })
})
