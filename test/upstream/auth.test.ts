import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import {
  BLOB,
  type Cleanup,
  clientFor,
  type Handler,
  type Host,
  MANIFEST,
  rejection,
  serve,
  textOf,
  until,
} from './support.ts'

type TokenHandler = (request: IncomingMessage, response: ServerResponse, n: number) => void

interface RegistryOptions {
  readonly token?: TokenHandler
  readonly challenge?: (hub: Host) => string | string[]
  readonly accept?: (authorization: string | undefined) => boolean
  readonly settings?: Partial<UpstreamSettings>
}

/** A registry with its own token service at /token, whose tokens are T1, T2, … and are all accepted. */
async function registry(t: Cleanup, options: RegistryOptions = {}) {
  let tokens = 0
  const hub: Host = await serve(t, (request, response) => {
    if (request.url?.startsWith('/token') === true) {
      tokens++
      if (options.token === undefined) response.end(JSON.stringify({ token: `T${tokens}`, expires_in: 300 }))
      else options.token(request, response, tokens)
      return
    }
    const { authorization } = request.headers
    const accept = options.accept ?? ((text) => /^Bearer T\d+$/.test(text ?? ''))
    if (accept(authorization)) {
      response.end('ok')
      return
    }
    const challenge =
      options.challenge?.(hub) ??
      `Bearer realm="${hub.url}/token",service="svc",scope="repository:library/nginx:pull"`
    response.writeHead(401, { 'WWW-Authenticate': challenge }).end('{"errors":[{"code":"UNAUTHORIZED"}]}')
  })
  const made = clientFor(t, hub.url, options.settings)
  return {
    hub,
    ...made,
    tokens: () => tokens,
    tokenHits: () => hub.hits.filter((hit) => hit.url.startsWith('/token')),
  }
}

function query(url: string | undefined): Record<string, string[]> {
  const { searchParams } = new URL(url ?? '', 'http://x')
  return Object.fromEntries([...searchParams.keys()].map((key) => [key, searchParams.getAll(key)]))
}

test('a challenge is answered with an anonymous token, which serves the repository from then on', async (t) => {
  const { client, hub, tokenHits } = await registry(t)
  assert.equal(await textOf((await client.get(MANIFEST)).body), 'ok')
  await client.head(MANIFEST)
  assert.equal(await textOf((await client.get(BLOB)).body), 'ok')
  assert.deepEqual(
    hub.hits.map((hit) => [hit.url.split('?')[0], hit.headers.authorization]),
    [
      [MANIFEST.path, undefined],
      ['/token', undefined],
      [MANIFEST.path, 'Bearer T1'],
      [MANIFEST.path, 'Bearer T1'],
      [BLOB.path, 'Bearer T1'],
    ],
  )
  assert.deepEqual(query(tokenHits()[0]?.url), { service: ['svc'], scope: ['repository:library/nginx:pull'] })
})

test('credentials go to the token service and never with the pull itself', async (t) => {
  const { client, hub, tokenHits } = await registry(t, { settings: { username: 'me', password: 'pä:ss' } })
  await client.head(MANIFEST)
  const login = `Basic ${Buffer.from('me:pä:ss').toString('base64')}`
  assert.equal(tokenHits()[0]?.headers.authorization, login)
  assert.deepEqual(
    hub.hits.filter((hit) => !hit.url.startsWith('/token')).map((hit) => hit.headers.authorization),
    [undefined, 'Bearer T1'],
  )
})

const SCOPES: readonly [string, string | undefined, string[] | undefined][] = [
  ['a missing scope', undefined, ['repository:library/nginx:pull']],
  ['a push scope', 'repository:library/nginx:pull,push', ['repository:library/nginx:pull']],
  ['a wildcard', 'repository:library/nginx:*', ['repository:library/nginx:pull']],
  ['another type', 'registry:catalog:*', ['repository:library/nginx:pull']],
  ['another pull scope', 'repository:mirror/nginx:pull', ['repository:mirror/nginx:pull']],
  ['two pull scopes', 'repository:a:pull repository:b:pull', ['repository:a:pull', 'repository:b:pull']],
  ['a pull and a push scope', 'repository:a:pull repository:b:push', ['repository:library/nginx:pull']],
]

for (const [what, offered, asked] of SCOPES) {
  test(`never more than pull is asked for: ${what}`, async (t) => {
    const { client, tokenHits } = await registry(t, {
      challenge: (hub) =>
        `Bearer realm="${hub.url}/token"${offered === undefined ? '' : `,scope="${offered}"`}`,
    })
    await client.head(MANIFEST)
    assert.deepEqual(query(tokenHits()[0]?.url).scope, asked)
  })
}

test('the query of a realm is kept, except for a scope', async (t) => {
  const { client, tokenHits } = await registry(t, {
    challenge: (hub) => `bearer REALM=${hub.url}/token?a=b&scope=repository:x:push, service=svc`,
  })
  await client.head(MANIFEST)
  assert.deepEqual(query(tokenHits()[0]?.url), {
    a: ['b'],
    service: ['svc'],
    scope: ['repository:library/nginx:pull'],
  })
})

test('access_token is read as well', async (t) => {
  const { client } = await registry(t, {
    token: (_, response) => response.end('{"token":"","access_token":"T9"}'),
  })
  await client.head(MANIFEST)
})

const LIFETIMES: readonly [string, string, number][] = [
  ['expires_in 300 is renewed 30 s before', '"expires_in":300', 270],
  ['no expires_in means 60 s, renewed 6 s before', '"x":0', 54],
  ['null means 60 s', '"expires_in":null', 54],
  ['nonsense means 60 s', '"expires_in":"soon"', 54],
  ['a short life is honoured', '"expires_in":10', 9],
]

for (const [what, field, seconds] of LIFETIMES) {
  test(`tokens: ${what}`, async (t) => {
    const { client, clock, tokens } = await registry(t, {
      token: (_, response, n) => response.end(`{"token":"T${n}",${field}}`),
    })
    await client.head(MANIFEST)
    clock.advance(seconds * 1000 - 1)
    await client.head(MANIFEST)
    assert.equal(tokens(), 1)
    clock.advance(1)
    await client.head(MANIFEST)
    assert.equal(tokens(), 2)
  })
}

test('forty requests at once need one token', async (t) => {
  const { client, tokens } = await registry(t, {
    token: (_, response) => setTimeout(() => response.end('{"token":"T1"}'), 50),
  })
  await Promise.all(Array.from({ length: 40 }, () => client.head(MANIFEST)))
  assert.equal(tokens(), 1)
})

test('repositories do not share tokens', async (t) => {
  const { client, tokens } = await registry(t, { challenge: (hub) => `Bearer realm="${hub.url}/token"` })
  await client.head(MANIFEST)
  await client.head({ ...MANIFEST, repository: 'library/redis', path: '/v2/library/redis/manifests/latest' })
  assert.equal(tokens(), 2)
})

test('a kept token that is refused is replaced once, without the client noticing', async (t) => {
  const valid = new Set(['Bearer T1'])
  const { client, tokens } = await registry(t, { accept: (text) => valid.has(text ?? '') })
  await client.head(MANIFEST)
  valid.clear()
  valid.add('Bearer T2')
  await client.head(MANIFEST)
  assert.equal(tokens(), 2)
})

test('a token that is refused right away is not replaced again and again', async (t) => {
  const { client, hub, tokens } = await registry(t, { accept: () => false })
  const error = await rejection(client.get(MANIFEST), 'upstream_denied')
  assert.deepEqual(error.detail, { upstream: 'hub', status: 401, said: 'UNAUTHORIZED' })
  assert.equal(tokens(), 1)
  assert.equal(hub.hits.length, 3)
})

test('after the token service refused the credentials it is left alone for 30 s', async (t) => {
  const { client, clock, tokens } = await registry(t, {
    token: (_, response) => response.writeHead(401).end('{"details":"incorrect username or password"}'),
    settings: { username: 'me', password: 'wrong' },
  })
  const first = await rejection(client.head(MANIFEST), 'upstream_denied')
  assert.equal(first.detail.said, 'incorrect username or password')
  clock.advance(29_000)
  const second = await rejection(client.head(MANIFEST), 'upstream_denied')
  assert.equal(second.retryAfter, 1)
  assert.equal(second.detail.said, 'incorrect username or password')
  assert.equal(tokens(), 1)
  clock.advance(1000)
  await rejection(client.head(MANIFEST), 'upstream_denied')
  assert.equal(tokens(), 2)
})

const BAD_ANSWERS: readonly [string, TokenHandler][] = [
  ['no JSON', (_, response) => response.end('<html>')],
  ['no token', (_, response) => response.end('{"token":7}')],
  ['null', (_, response) => response.end('null')],
  ['a token that splits headers', (_, response) => response.end('{"token":"a\\r\\nX: y"}')],
  [
    'a packed answer',
    (_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('\x1f\x8b\x08'),
  ],
  ['more than 1 MiB', (_, response) => response.end(`{"token":"T1","x":"${'x'.repeat(1_048_576)}"}`)],
  ['a redirect', (_, response) => response.writeHead(307, { Location: '/elsewhere' }).end()],
]

for (const [what, token] of BAD_ANSWERS) {
  test(`a token service that answers with ${what} is not trusted`, async (t) => {
    const { client, hub } = await registry(t, { token })
    await rejection(client.head(MANIFEST), 'upstream_invalid')
    assert.equal(
      hub.hits.some((hit) => hit.url === '/elsewhere'),
      false,
    )
  })
}

test('a token service that limits us is a rate limit', async (t) => {
  const { client } = await registry(t, {
    token: (_, response) => response.writeHead(429, { 'Retry-After': '9' }).end(),
  })
  assert.equal((await rejection(client.head(MANIFEST), 'upstream_rate_limited')).retryAfter, 9)
})

test('a passing failure of the token service is not noticed', async (t) => {
  const { client } = await registry(t, {
    token: (request, response, n) => {
      if (n === 1) request.socket.destroy()
      else if (n === 2) response.writeHead(503).end()
      else response.end('{"token":"T1"}')
    },
  })
  await client.head(MANIFEST)
})

test('a token service that never answers makes the upstream rest, like an upstream that never answers', async (t) => {
  const { client, tokens } = await registry(t, { token: () => undefined })
  await rejection(client.head(MANIFEST, { headersWithin: 80 }), 'upstream_timeout')
  assert.equal(client.health('hub'), 'open')
  await rejection(client.head(MANIFEST, { headersWithin: 80 }), 'upstream_unreachable')
  assert.equal(tokens(), 1)
})

test('Basic goes to an upstream that asks for it, and from then on unasked', async (t) => {
  const login = `Basic ${Buffer.from('me:secret').toString('base64')}`
  const { client, hub } = await registry(t, {
    challenge: () => 'Basic realm="r"',
    accept: (text) => text === login,
    settings: { username: 'me', password: 'secret' },
  })
  await client.head(MANIFEST)
  await client.head(BLOB)
  assert.deepEqual(
    hub.hits.map((hit) => hit.headers.authorization),
    [undefined, login, login],
  )
})

test('Basic that is refused, or that we cannot answer, is upstream_denied', async (t) => {
  const wrong = await registry(t, {
    challenge: () => 'Basic realm="r"',
    accept: () => false,
    settings: { username: 'me', password: 'secret' },
  })
  await rejection(wrong.client.head(MANIFEST), 'upstream_denied')
  assert.equal(wrong.hub.hits.length, 2)
  const none = await registry(t, { challenge: () => 'Basic realm="r"', accept: () => false })
  await rejection(none.client.head(MANIFEST), 'upstream_denied')
  assert.equal(none.hub.hits.length, 1)
})

test('several challenges, in one header or in many: Bearer is chosen', async (t) => {
  for (const join of [true, false]) {
    const { client } = await registry(t, {
      challenge: (hub) => {
        const all = [
          'Negotiate',
          'Basic realm="a, b"',
          `BEARER realm="${hub.url}/token", error="invalid_token"`,
        ]
        return join ? all.join(', ') : all
      },
      settings: { username: 'me', password: 'secret' },
    })
    await client.head(MANIFEST)
  }
})

const REFUSED_REALMS: readonly [string, (evil: Host, hub: Host) => string, string][] = [
  ['another host', (evil) => `${evil.url}/token`, '127.0.0.2'],
  ['a name', () => 'http://metadata/token', 'metadata'],
  ['userinfo', (_, hub) => `http://user@${hub.host}/token`, 'userinfo'],
  ['a relative address', () => '/token', 'no absolute address'],
  ['another scheme', () => 'ftp://127.0.0.1/token', 'ftp:'],
  ['nothing', () => '', 'no absolute address'],
  ['an IPv6 spelling', (_, hub) => `http://[::ffff:127.0.0.1]:${hub.port}/token`, '::ffff'],
]

for (const [what, realm, named] of REFUSED_REALMS) {
  test(`a realm with ${what} is refused and gets nothing`, async (t) => {
    const evil = await serve(t, (_, response) => response.end('{"token":"T1"}'), { address: '127.0.0.2' })
    const { client, tokens, log } = await registry(t, {
      challenge: (hub) => `Bearer realm="${realm(evil, hub)}",service="s"`,
      settings: { username: 'me', password: 'secret' },
    })
    const error = await rejection(client.head(MANIFEST), 'upstream_invalid')
    assert.ok(error.detail.said?.includes(named), error.detail.said ?? 'nothing said')
    assert.ok(log.text().includes(named))
    assert.equal(evil.accepted(), 0)
    assert.equal(tokens(), 0)
  })
}

test('a realm on another port of the same host, or on a listed host, is fine', async (t) => {
  const answer: Handler = (_, response) => response.end('{"token":"T1"}')
  const otherPort = await serve(t, answer)
  const otherHost = await serve(t, answer, { address: '127.0.0.2' })
  for (const [service, tokenHosts] of [
    [otherPort, []],
    [otherHost, ['127.0.0.2']],
    [otherHost, [otherHost.host]],
  ] as const) {
    const { client } = await registry(t, {
      challenge: () => `Bearer realm="${service.url}/token"`,
      settings: { tokenHosts },
    })
    await client.head(MANIFEST)
  }
  assert.equal(otherPort.hits.length, 1)
  assert.equal(otherHost.hits.length, 2)
})

test('no password, token or signature reaches the log or an error', async (t) => {
  const { client, log } = await registry(t, {
    token: (request, response) => {
      response.writeHead(403, { 'Content-Type': 'text/plain' })
      response.end(`no: ${request.headers.authorization} CANARYPASS`)
    },
    settings: { username: 'me', password: 'CANARYPASS' },
  })
  const error = await rejection(client.head(MANIFEST), 'upstream_denied')
  const login = Buffer.from('me:CANARYPASS').toString('base64')
  for (const text of [JSON.stringify(error.detail), error.message, log.text()]) {
    assert.equal(text.includes('CANARYPASS'), false, text)
    assert.equal(text.includes(login), false, text)
  }
  assert.match(error.detail.said ?? '', /^no: /)
})

test('a caller that leaves does not take the token from the others', async (t) => {
  const held: ServerResponse[] = []
  const { client, tokens } = await registry(t, { token: (_, response) => void held.push(response) })
  const leaving = new AbortController()
  const first = client.head(MANIFEST, { signal: leaving.signal })
  await until(() => held.length === 1)
  const second = client.head(MANIFEST)
  leaving.abort(new Error('gone'))
  await assert.rejects(first, /gone/)
  await new Promise((resolve) => setTimeout(resolve, 20))
  held[0]?.end('{"token":"T1"}')
  await second
  assert.equal(tokens(), 1)
})
