import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { AppError, ERRORS, type ErrorCode } from '../../src/domain/errors.ts'
import { renderError } from '../../src/frontends/oci/errors.ts'
import { openBlackHole } from '../bench/black-hole.ts'
import { type CachalotOptions, type Pair, startPair } from '../support/cachalot.ts'
import type { Fault } from '../support/fake-faults.ts'
import { errorOf, verdict } from './support.ts'

const ZERO = `sha256:${'0'.repeat(64)}`

interface Provocation {
  /** "404 NAME_UNKNOWN" */
  readonly want: string
  readonly path: string
  readonly method?: string
  readonly fault?: Fault
  readonly config?: CachalotOptions['config']
  readonly prepare?: (pair: Pair, t: TestContext) => unknown
  /** What `detail` must hold beside the hint. */
  readonly detail?: Readonly<Record<string, unknown>>
}

const MANIFEST = '/v2/library/app/manifests/1'

/** How each error comes about in a running server. Those that are missing are never rendered by this version. */
const PROVOCATIONS: Readonly<Partial<Record<ErrorCode, Provocation>>> = {
  name_invalid: { want: '400 NAME_INVALID', path: '/v2/Library/App/manifests/1' },
  digest_invalid: { want: '400 DIGEST_INVALID', path: '/v2/app/manifests/sha256:totallywrong' },
  tag_invalid: { want: '400 TAG_INVALID', path: '/v2/app/manifests/-x' },
  page_invalid: { want: '400 PAGINATION_NUMBER_INVALID', path: '/v2/app/tags/list?n=-1' },
  unauthorized: {
    want: '401 UNAUTHORIZED',
    path: MANIFEST,
    config: { auth: { anonymous_pull: 'none' } },
  },
  key_refused: { want: '401 UNAUTHORIZED', path: `/k/nonsense${MANIFEST}` },
  denied: { want: '403 DENIED', path: MANIFEST, method: 'DELETE' },
  name_unknown: { want: '404 NAME_UNKNOWN', path: `${MANIFEST}?ns=evil.test` },
  manifest_unknown: {
    want: '404 MANIFEST_UNKNOWN',
    path: '/v2/library/app/manifests/none',
    detail: { upstream: 'docker.io', status: 404 },
  },
  blob_unknown: {
    want: '404 BLOB_UNKNOWN',
    path: `/v2/library/app/blobs/${ZERO}`,
    detail: { upstream: 'docker.io', status: 404 },
  },
  unsupported: { want: '405 UNSUPPORTED', path: MANIFEST, method: 'PUT' },
  too_large: {
    want: '413 DENIED',
    path: 'config',
    config: { limits: { max_blob: '100B' } },
  },
  range_invalid: { want: '416 RANGE_INVALID', path: 'config' },
  upstream_denied: {
    want: '403 DENIED',
    path: MANIFEST,
    fault: { status: 403 },
    detail: { upstream: 'docker.io', status: 403 },
  },
  upstream_rate_limited: {
    want: '429 TOOMANYREQUESTS',
    path: MANIFEST,
    fault: { status: 429, headers: { 'Retry-After': '7' } },
    detail: { upstream: 'docker.io', status: 429 },
  },
  upstream_failed: {
    want: '502 UNAVAILABLE',
    path: MANIFEST,
    fault: { status: 500, body: 'a wheel came off' },
    detail: { upstream: 'docker.io', status: 500, said: 'a wheel came off' },
  },
  upstream_invalid: {
    want: '502 UNAVAILABLE',
    path: 'manifest',
    fault: { swapBody: Buffer.from('{}') },
    detail: { upstream: 'docker.io' },
  },
  upstream_unreachable: {
    want: '503 UNAVAILABLE',
    path: MANIFEST,
    prepare: ({ hub }) => hub.stop(),
    detail: { upstream: 'docker.io', said: 'connection refused (ECONNREFUSED)' },
  },
  upstream_timeout: {
    want: '504 UNAVAILABLE',
    path: MANIFEST,
    prepare: async ({ hub }, t) => {
      await hub.stop()
      t.after(await openBlackHole(Number(hub.host.split(':')[1])))
    },
    detail: { upstream: 'docker.io' },
  },
}

/** Codes for later versions, for other protocols, or for faults of our own that nobody can order. */
const NOT_PROVOKED: readonly ErrorCode[] = [
  'bad_request',
  'not_found',
  'too_many_requests',
  'upstream_not_found',
  // Jobs say so, in the API.
  'busy',
  'shutting_down',
  'internal',
]

/** What shows in a body only; and a timeout, after which nobody is made to wait for a second one. */
const ONLY_BODIES: ReadonlySet<string> = new Set([
  'range_invalid',
  'upstream_invalid',
  'upstream_timeout',
  'too_large',
])

describe('each error of the catalogue', () => {
  test('is provoked here, or known not to be', () => {
    assert.deepEqual(
      [...Object.keys(PROVOCATIONS), ...NOT_PROVOKED].toSorted(),
      Object.keys(ERRORS).toSorted(),
    )
  })

  for (const [code, { want, path, method = 'GET', fault, config, prepare, detail = {} }] of Object.entries(
    PROVOCATIONS,
  )) {
    test(`comes as its status and code from a running server: ${code}`, async (t) => {
      const pair = await startPair(t, config === undefined ? {} : { config })
      const image = pair.hub.addImage('library/app', { tags: ['1'] })
      const paths: Record<string, string> = {
        manifest: `/v2/library/app/manifests/${image.manifest.digest}`,
        config: `/v2/library/app/blobs/${image.config.digest}`,
      }
      await prepare?.(pair, t)
      if (fault !== undefined) pair.hub.faults.add({ fault })
      const headers = { range: 'bytes=100000-' }
      const answer = await pair.cache.fetch(paths[path] ?? path, { method, headers })
      assert.equal(verdict(answer), want)
      const error = errorOf(answer)
      assert.match(error.message, /^[^\n]{5,200}$/)
      assert.match(String(error.detail['hint']), /^[^\n]{5,200}$/)
      for (const [key, value] of Object.entries(detail)) assert.equal(error.detail[key], value, key)
      const line = pair.cache.log.find(/^request$/).at(-1)
      assert.equal(line?.fields['error'], code)
      assert.equal(line?.level, ERRORS[code as ErrorCode].level) // a key of the table above
      assert.equal(line?.fields['cut'], false)
      if (method !== 'GET' || ONLY_BODIES.has(code)) return
      const head = await pair.cache.fetch(paths[path] ?? path, { method: 'HEAD' })
      assert.equal(head.status, answer.status, 'HEAD has the same status')
    })
  }

  test('is rendered with its own status, a code clients know, message and hint', () => {
    for (const [code, facts] of Object.entries(ERRORS)) {
      const error = new AppError(code as ErrorCode, { detail: { upstream: 'docker.io' } }) // keys of the catalogue
      for (const isMirror of [false, true]) {
        const { status, body } = renderError(error, isMirror)
        assert.equal(status, code === 'upstream_rate_limited' && isMirror ? 503 : facts.status)
        const { errors } = JSON.parse(body.toString())
        assert.match(errors[0].code, /^[A-Z_]+$/)
        assert.equal(errors[0].message, facts.message)
        assert.deepEqual(errors[0].detail, { upstream: 'docker.io', hint: facts.hint })
      }
    }
  })
})

describe('an upstream that limits us', () => {
  const limited: Fault = { status: 429, headers: { 'Retry-After': '7' } }

  test('is told to direct pulls as 429, and to mirror pulls as 503, both with its Retry-After', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.faults.add({ fault: limited })
    const cases = { '': '429 TOOMANYREQUESTS', '?ns=docker.io': '503 UNAVAILABLE' }
    for (const kind of ['manifests/1', `blobs/${ZERO}`, 'tags/list']) {
      for (const [query, want] of Object.entries(cases)) {
        const answer = await cache.fetch(`/v2/library/app/${kind}${query}`)
        assert.equal(verdict(answer), want, `${kind}${query}`)
        assert.match(String(answer.headers['retry-after']), /^[67]$/)
      }
    }
  })

  test('is not told at all while there is something to serve', async (t) => {
    const { hub, cache } = await startPair(t, { config: { cache: { tag_ttl: '0s' } } })
    hub.addImage('library/app', { tags: ['1'] })
    await cache.fetch(MANIFEST)
    hub.faults.add({ fault: limited })
    for (const query of ['', '?ns=docker.io']) {
      const answer = await cache.fetch(`${MANIFEST}${query}`)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['x-cache'], 'stale')
    }
  })
})

describe('a login', () => {
  test('is asked for in the way clients understand, before anything is looked up', async (t) => {
    const { hub, cache } = await startPair(t, { config: { auth: { anonymous_pull: 'none' } } })
    for (const path of [
      '/v2/',
      '/docker.io/v2/',
      MANIFEST,
      '/v2/_catalog',
      '/v2/x/tags/list',
      '/v2/..',
      '/v2//x',
    ]) {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
        const answer = await cache.fetch(path, { method })
        assert.equal(answer.status, 401, `${method} ${path}`)
        assert.equal(answer.headers['www-authenticate'], 'Basic realm="Cachalot", charset="UTF-8"')
      }
    }
    assert.equal(hub.requests.count(), 0)
  })
})

describe('a cache', () => {
  test('refuses every write, and evicting to everybody, without asking the upstream', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    await cache.fetch(MANIFEST)
    hub.requests.clear()
    const blob = `/v2/library/app/blobs/${ZERO}`
    const writes = [
      ['POST', '/v2/library/app/blobs/uploads/'],
      ['POST', `/v2/library/app/blobs/uploads/?mount=${ZERO}&from=other`],
      ['GET', '/v2/library/app/blobs/uploads/1'],
      ['PATCH', '/v2/library/app/blobs/uploads/1'],
      ['PUT', `/v2/library/app/blobs/uploads/1?digest=${ZERO}`],
      ['PUT', MANIFEST],
      ['PUT', '/v2/library/app/manifests/sha256:baddigeststring'],
      ['POST', '/v2/'],
      ['OPTIONS', MANIFEST],
      ['TRACE', blob],
      ['PURGE', blob],
      ['PROPFIND', '/docker.io/v2/library/app/manifests/1'],
    ] as const
    for (const [method, path] of writes) {
      const answer = await cache.fetch(path, { method, body: method === 'GET' ? '' : 'x'.repeat(1000) })
      assert.equal(verdict(answer), '405 UNSUPPORTED', `${method} ${path}`)
      assert.equal(answer.headers.allow, 'GET, HEAD, DELETE')
    }
    for (const path of [MANIFEST, `/v2/library/app/manifests/${manifest.digest}`, blob]) {
      assert.equal(verdict(await cache.fetch(path, { method: 'DELETE' })), '403 DENIED', path)
    }
    assert.equal((await cache.fetch(MANIFEST)).headers['x-cache'], 'hit')
    assert.equal(hub.requests.count(), 0)
  })
})
