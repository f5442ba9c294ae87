import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { type RawAnswer, sendRaw } from './raw.ts'

const HEX = '0'.repeat(64)

const method = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('GET', 'HEAD') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'POST',
      'PUT',
      'DELETE',
      'PATCH',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
      'PURGE',
      'MKCOL',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'get', 'FOO', 'G ET', '\u0000', 'A'.repeat(300), 'PRI', 'CONNECT'),
  },
)

const piece = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '%2e%2e',
    '%2F',
    '%00',
    '%',
    '%zz',
    '%252e',
    '..;',
    '\\',
    'v2',
    'V2',
    'a',
    'A',
  ),
  fc.constantFrom(
    'manifests',
    'blobs',
    'tags',
    'list',
    'referrers',
    'uploads',
    '_catalog',
    'docker.io',
    'evil.test',
  ),
  fc.constantFrom(
    'constructor',
    '__proto__',
    'latest',
    `sha256:${HEX}`,
    `sha256:${HEX}0`,
    'md5:1',
    'sha512:',
    ':',
  ),
  fc.stringMatching(/^[!-~]{1,8}$/),
  fc.constantFrom('x'.repeat(300), 'a-'.repeat(2000), '{}', '"', "'", '<script>', '\u00e4', '\u00ff'),
)

const query = fc.constantFrom(
  '',
  '',
  '?',
  '?ns=',
  '?ns=docker.io',
  '?ns=evil.test',
  '?ns=a&ns=b',
  '?n=-1',
  '?n=1e9&last=%ff',
  '?__proto__[x]=1&constructor=2',
  '?ns=%0d%0aX: y',
  `?${'a=b&'.repeat(500)}`,
)

const target = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom('/v2/', '/v2', '/docker.io/v2/', '/', '//', '/v2//'),
        fc.array(piece, { maxLength: 5 }),
        query,
      )
      .map(([start, pieces, rest]) => start + pieces.join('/') + rest),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '*',
      'http://evil.test/v2/',
      'evil.test:443',
      '',
      'v2/',
      'http://',
      'file:///etc/passwd',
      '?',
    ),
  },
)

const header = fc.constantFrom(
  'Range: bytes=0-,0-,0-',
  'Range: bytes=-99999999999999999999',
  'Accept: ;;;,,,q=0,*/*;q=x',
  'If-None-Match: "',
  'If-Range: \u00e4',
  'X-Forwarded-For: ::::, %, 1.2.3.4.5, fe80::1%eth0',
  'Host: evil.test',
  'Host:',
  'Content-Length: 5',
  'Content-Length: -1',
  'Content-Length: 5, 6',
  'Content-Length: +5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding : chunked',
  'Expect: 100-continue',
  'Expect: something-else',
  'Upgrade: websocket',
  'Connection: Upgrade, HTTP2-Settings',
  'Connection: keep-alive, close, x',
  '__proto__: x',
  'constructor: x',
  ' folded: x',
  'no colon',
  ': empty name',
  'X-Nul: a\u0000b',
  'X-Bell: \u0007',
  'X-Latin: \u00ff\u0080',
  `X-Long: ${'y'.repeat(20_000)}`,
  'Authorization: Basic !!!',
  'Accept-Encoding: gzip, br, zstd',
  'Cookie: a=b',
)

const harmless = fc.constantFrom(
  'Range: bytes=0-,0-,0-',
  'Range: bytes=-99999999999999999999',
  'Accept: ;;;,,,q=0,*/*;q=x',
  'If-None-Match: "',
  'X-Forwarded-For: ::::, %, 1.2.3.4.5, fe80::1%eth0',
  'Expect: something-else',
  'Connection: keep-alive, close, x',
  '__proto__: x',
)

/** The usual thing nine times of ten. */
const mostly = (usual: string, others: readonly string[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

const host = fc.constantFrom(
  'Host: cache.test',
  'Host: cache.test',
  'Host: cache.test',
  'Host: a@b',
  'Host: [::1]:99999',
  'Host: \u00e4',
)

interface Shot {
  readonly bytes: string
  readonly leave: boolean
}

const shot: fc.Arbitrary<Shot> = fc
  .record({
    method,
    target,
    version: mostly('HTTP/1.1', ['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', '']),
    host: fc.option(host, { freq: 12, nil: undefined }),
    headers: fc.array(fc.oneof({ weight: 3, arbitrary: harmless }, { weight: 1, arbitrary: header }), {
      maxLength: 2,
    }),
    line: mostly('\r\n', ['\n', '\r']),
    body: fc.constantFrom('', '', '5\r\nhello\r\n0\r\n\r\n', 'hello', 'GET /v2/ HTTP/1.1\r\n\r\n'),
    fate: fc.constantFrom('whole', 'whole', 'whole', 'whole', 'cut', 'leave'),
    at: fc.nat({ max: 100 }),
  })
  .map(({ line, fate, at, ...parts }) => {
    const first = `${parts.method} ${parts.target} ${parts.version}`
    const head = parts.host === undefined ? [first] : [first, parts.host]
    const bytes = [...head, ...parts.headers, '', parts.body].join(line)
    return { bytes: fate === 'cut' ? bytes.slice(0, at) : bytes, leave: fate !== 'whole' }
  })

/** Registry paths that mean something although nobody cached anything. */
const FINE = /^(?:GET|HEAD) (?:\/docker\.io)?\/v2(?:\/|\/_catalog|\/[^?]*referrers\/[^?]*)?(?:\?|$| )/

function judge({ bytes }: Shot, answer: RawAnswer): string | undefined {
  if (answer.status === 0) return undefined
  const [line = ''] = bytes.split(/[\r\n]/)
  const isRegistry = / (?:\/[^/ ]+)?\/v2[/ ?]/.test(line)
  if (answer.status < 400) return !isRegistry || FINE.test(line) ? undefined : `${answer.status}`
  // 501 is for methods nobody heard of, where pages are.
  if (answer.status > 501 || (answer.status >= 500 && isRegistry)) return `${answer.status}`
  if (!isRegistry || line.startsWith('HEAD ')) return undefined
  try {
    const { errors } = JSON.parse(answer.body)
    if (typeof errors[0].code === 'string' && answer.headers.get('content-type') === 'application/json')
      return undefined
  } catch {
    // Told below.
  }
  return `${answer.status} without an error of the registry: ${answer.body.slice(0, 200)}`
}

async function fire(cache: Cachalot, shots: readonly Shot[]): Promise<string[]> {
  const problems: string[] = []
  const queue = shots.values()
  const gun = async () => {
    for (const one of queue) {
      const answer = await sendRaw(cache.port, one.bytes, { leave: one.leave, within: 300 })
      const problem = judge(one, answer)
      if (problem !== undefined) problems.push(`${problem} for ${JSON.stringify(one.bytes.slice(0, 300))}`)
    }
  }
  await Promise.all(Array.from({ length: 32 }, gun))
  return problems
}

function heapAfterGc(): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void // what the flag makes
  gc()
  return process.memoryUsage().heapUsed
}

describe('a server that is sent nonsense', () => {
  test('answers 4xx in the registry’s shape or not at all, lives, and forgets it', async (t) => {
    const { hub, cache } = await startPair(t)
    const { config } = hub.addImage('library/app', { tags: ['1'] })
    const shots = fc.sample(shot, { numRuns: 5500, seed: 20_260_101 })
    const forget = () => {
      cache.log.clear()
      hub.requests.clear()
    }
    assert.deepEqual(await fire(cache, shots.slice(0, 500)), [])
    forget()
    const before = heapAfterGc()
    for (let at = 500; at < shots.length; at += 1000) {
      assert.deepEqual(await fire(cache, shots.slice(at, at + 1000)), [])
      assert.deepEqual(cache.log.find('error'), [])
      forget()
    }
    const grown = heapAfterGc() - before
    assert.ok(grown < 24 * 1024 * 1024, `the heap grew by ${Math.round(grown / 1024)} KiB`)
    const answer = await cache.fetch(`/v2/app/blobs/${config.digest}`)
    assert.deepEqual(answer.body, config.bytes)
  })
})
