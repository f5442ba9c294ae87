import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseChallenges } from '../../src/upstream/challenge.ts'
import { parseContentRange } from '../../src/upstream/headers.ts'
import { trustedRealm } from '../../src/upstream/realm.ts'
import { saidIn } from '../../src/upstream/said.ts'
import { settings } from './support.ts'

const CHALLENGES: readonly [string | undefined, [string, Record<string, string>][]][] = [
  [undefined, []],
  ['', []],
  ['Negotiate', [['negotiate', {}]]],
  [
    'Bearer realm="https://a/t",service="s",scope="repository:a:pull,push repository:b:pull"',
    [['bearer', { realm: 'https://a/t', service: 's', scope: 'repository:a:pull,push repository:b:pull' }]],
  ],
  ['bEARER Realm = "x" , SERVICE=y', [['bearer', { realm: 'x', service: 'y' }]]],
  ['Bearer realm=https://a/t?x=1,service=s', [['bearer', { realm: 'https://a/t?x=1', service: 's' }]]],
  [
    'Basic realm="a \\"b\\", c", Bearer realm="d"',
    [
      ['basic', { realm: 'a "b", c' }],
      ['bearer', { realm: 'd' }],
    ],
  ],
  [
    'Bearer realm="a", Basic',
    [
      ['bearer', { realm: 'a' }],
      ['basic', {}],
    ],
  ],
  ['Bearer realm="a",realm="b"', [['bearer', { realm: 'a' }]]],
  [
    'Bearer realm="never closed',
    [
      ['bearer', { realm: '' }],
      ['never', {}],
      ['closed', {}],
    ],
  ],
  ['realm="no scheme"', []],
  [
    '"quoted" Bearer realm=""',
    [
      ['quoted', {}],
      ['bearer', { realm: '' }],
    ],
  ],
  ['Bearer __proto__="x",realm="a"', [['bearer', { ['__proto__']: 'x', realm: 'a' }]]],
]

for (const [header, expected] of CHALLENGES) {
  test(`challenge ${header}`, () => {
    const found = parseChallenges(header).map(({ scheme, params }) => [scheme, [...params]])
    assert.deepEqual(
      found,
      expected.map(([scheme, params]) => [scheme, Object.entries(params)]),
    )
  })
}

test('a hostile challenge is parsed in no time', () => {
  const before = performance.now()
  for (const part of ['"', '\\', ',', '=', 'a ', 'a="', ' '])
    parseChallenges(part.repeat(32_768 / part.length))
  assert.ok(performance.now() - before < 2000)
})

const REALMS: readonly [string, string, boolean][] = [
  ['https://registry-1.docker.io', 'https://auth.docker.io/token', true],
  ['https://ghcr.io', 'https://ghcr.io/token', true],
  ['https://ghcr.io', 'https://ghcr.io:8443/token', true],
  ['https://docker.elastic.co', 'https://docker-auth.elastic.co/auth', true],
  ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
  ['https://registry-1.docker.io', 'https://AUTH.docker.IO/token', true],
  ['https://registry-1.docker.io', 'https://docker.io.evil.com/token', false],
  ['https://registry-1.docker.io', 'https://evildocker.io/token', false],
  ['https://registry-1.docker.io', 'http://auth.docker.io/token', false],
  ['https://registry-1.docker.io', 'https://me@auth.docker.io/token', false],
  ['https://alice.github.io', 'https://bob.github.io/token', false],
  ['https://reg.alice.github.io', 'https://auth.alice.github.io/token', true],
  ['https://reg.co.uk', 'https://auth.co.uk/token', false],
  ['https://bucket-a.s3.amazonaws.com', 'https://bucket-b.s3.amazonaws.com/token', false],
  ['https://10.0.0.1', 'https://10.0.0.1:5001/token', true],
  ['https://10.0.0.1', 'https://10.0.0.2/token', false],
  ['https://10.0.0.1', 'https://0xa.1/token', true],
  ['http://registry', 'http://auth/token', false],
  ['http://registry', 'https://registry/token', true],
  ['https://registry-1.docker.io', 'https://listed.example/token', true],
  ['https://registry-1.docker.io', 'https://sub.listed.example/token', false],
]

for (const [upstream, realm, allowed] of REALMS) {
  test(`${upstream} ${allowed ? 'may' : 'may not'} send us to ${realm}`, () => {
    const ask = () => trustedRealm(realm, settings(upstream, { tokenHosts: ['listed.example'] }))
    if (allowed) assert.equal(ask().href, new URL(realm).href)
    else assert.throws(ask, /cannot be trusted/)
  })
}

const SAID: readonly [string | undefined, string, string | undefined][] = [
  [undefined, '', undefined],
  ['application/json', '{"errors":[{"code":"DENIED","message":"no\\n\\taccess"}]}', 'DENIED: no access'],
  ['application/json', '{"errors":[{"code":"DENIED"}]}', 'DENIED'],
  ['application/json', '{"errors":[null]}', '{"errors":[null]}'],
  ['application/json', '{"error":"invalid_scope","error_description":"what"}', 'invalid_scope: what'],
  ['text/plain', '  a\u0000b\u001b[31m  c \n', 'a b [31m c'],
  ['text/html', '<html><title>502 Bad Gateway</title></html>', '502 Bad Gateway'],
  ['application/octet-stream', 'binary', undefined],
  ['text/plain', 'x'.repeat(1000), 'x'.repeat(200)],
  ['text/plain', 'see https://cdn/x?Signature=CANARY&b=c now', 'see https://cdn/x?… now'],
  ['text/plain', 'Authorization: Bearer CANARY.x-y', 'Authorization: Bearer …'],
  ['text/plain', 'token eyJhbGciOiJSUzI1NiJ9.CANARY.CANARY', 'token …'],
  ['text/plain', 'X-Amz-Signature=CANARY and password = CANARY', 'X-Amz-Signature=… and password=…'],
  ['text/plain', 'proxy http://u:CANARY@host/', 'proxy http://host/'],
  [
    'application/xml',
    '<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature</Message><StringToSign>CANARY</StringToSign></Error>',
    'SignatureDoesNotMatch: The request signature',
  ],
]

for (const [type, body, expected] of SAID) {
  test(`said in ${type}: ${JSON.stringify(body.slice(0, 60))}`, () => {
    assert.equal(saidIn(type, Buffer.from(body), []), expected)
  })
}

test('known secrets are removed wherever they stand', () => {
  const said = (text: string) => saidIn('text/plain', Buffer.from(text), ['CAN?A=RY', ''])
  assert.equal(said('you said CAN?A=RY, and xCAN?A=RYx'), 'you said …, and x…x')
})

test('Content-Range is understood or refused', () => {
  assert.deepEqual(parseContentRange('bytes 0-0/1'), { start: 0, end: 0, total: 1 })
  assert.deepEqual(parseContentRange('Bytes  5-9/*'), { start: 5, end: 9, total: undefined })
  assert.deepEqual(parseContentRange('bytes */7'), { start: -1, end: -1, total: 7 })
  for (const text of [
    '',
    'bytes',
    'bytes */*',
    'bytes 1-0/9',
    'bytes 0-9/9',
    'bytes=0-1/2',
    'bytes -1-2/9',
  ]) {
    assert.equal(parseContentRange(text), undefined, text)
  }
})
