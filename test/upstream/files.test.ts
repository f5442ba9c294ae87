import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { mayLeadTo } from '../../src/upstream/redirect.ts'
import { clientFor, type Handler, rejection, serve, textOf } from './support.ts'

const FILE = { upstream: 'hub', path: '/owner/repo/file' }
const TOKEN = 'ghp_CANARY0123456789'

const bytes: Handler = (_, response) => response.end('bytes')

suite('an upstream of files', () => {
  test('is asked without a login, unless the request says so, and never answers a challenge', async (t) => {
    const hub = await serve(t, (request, response) => {
      if (request.headers.authorization === `Bearer ${TOKEN}`) response.end('private')
      else response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${hub.url}/token"` }).end()
    })
    const { client, log } = clientFor(t, hub.url, { kind: 'files', token: TOKEN })
    await rejection(client.get(FILE), 'upstream_denied')
    await rejection(client.get({ ...FILE, repository: 'owner/repo' }), 'upstream_denied')
    assert.deepEqual(
      hub.hits.map(({ url, headers }) => [url, headers.authorization]),
      [FILE.path, FILE.path].map((path) => [path, undefined]),
    )
    assert.equal(await textOf((await client.get({ ...FILE, withToken: true })).body), 'private')
    assert.equal(log.text().includes('CANARY'), false)
  })

  test('sends name and password instead of a token where there are such', async (t) => {
    const hub = await serve(t, bytes)
    const { client } = clientFor(t, hub.url, { kind: 'files', username: 'me', password: 'secret' })
    await client.head({ ...FILE, withToken: true })
    await client.head(FILE)
    const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
    assert.deepEqual(
      hub.hits.map(({ headers }) => headers.authorization),
      [basic, undefined],
    )
  })

  test('keeps its token to its own origin, also when it is led back there', async (t) => {
    const storage = await serve(t, (_, response) =>
      response.writeHead(302, { Location: `${hub.url}/back` }).end(),
    )
    const hub = await serve(t, (request, response) => {
      if (request.url === '/back') response.end('bytes')
      else if (request.url === '/here') response.writeHead(302, { Location: `${storage.url}/x` }).end()
      else response.writeHead(302, { Location: '/here' }).end()
    })
    const { client } = clientFor(t, hub.url, { kind: 'files', token: TOKEN })
    await textOf((await client.get({ ...FILE, withToken: true })).body)
    const sent = [...hub.hits, ...storage.hits].map(({ url, headers }) => [url, headers.authorization])
    assert.deepEqual(sent, [
      [FILE.path, `Bearer ${TOKEN}`],
      ['/here', `Bearer ${TOKEN}`],
      ['/back', undefined],
      ['/x', undefined],
    ])
  })

  test('tells what the redirects on the way said, and nothing that is for one client', async (t) => {
    const storage = await serve(t, (_, response) => response.writeHead(200, { ETag: '"s"' }).end('bytes'))
    const hub = await serve(t, (request, response) => {
      const headers = { 'X-Repo-Commit': request.url?.length ?? 0, 'Set-Cookie': 'session=CANARY' }
      const location = request.url === FILE.path ? '/next' : `${storage.url}/x`
      response.writeHead(302, { ...headers, Location: location }).end()
    })
    const { client } = clientFor(t, hub.url, { kind: 'files' })
    const head = await client.head(FILE)
    assert.deepEqual(
      head.hops?.map((hop) => [hop['x-repo-commit'], hop['location'], hop['set-cookie']]),
      [
        [String(FILE.path.length), '/next', undefined],
        ['5', `${storage.url}/x`, undefined],
      ],
    )
    assert.equal(head.etag, '"s"')
    const registry = clientFor(t, hub.url)
    assert.equal((await registry.client.head(FILE)).hops, undefined)
  })

  test('tells a redirect instead of following it where a request says so', async (t) => {
    const hub = await serve(t, (_, response) =>
      response.writeHead(302, { Location: 'https://elsewhere.example/x', 'Set-Cookie': 'a=b' }).end('text'),
    )
    const { client } = clientFor(t, hub.url, { kind: 'files', redirectHosts: [] })
    const request = { ...FILE, follow: false }
    const { head, body } = await client.get(request)
    assert.deepEqual([head.status, head.headers['location']], [302, 'https://elsewhere.example/x'])
    assert.equal(head.headers['set-cookie'], undefined)
    assert.equal(await textOf(body), '')
    assert.equal((await client.head(request)).status, 302)
    await rejection(client.get(FILE), 'upstream_invalid')
  })

  test('may tell an address elsewhere, which hears what is for it and no token', async (t) => {
    const seen: (string | string[] | undefined)[][] = []
    const storage = await serve(t, (request, response) => {
      seen.push([request.url, request.headers['x-ticket'], request.headers.authorization])
      if (request.url === '/on') response.writeHead(302, { Location: `${next.url}/there` }).end()
      else response.end('bytes')
    })
    const next = await serve(t, (request, response) => {
      seen.push([request.url, request.headers['x-ticket'], request.headers.authorization])
      response.end('bytes')
    })
    const hub = await serve(t, bytes)
    const redirectHosts = [storage.host, next.host]
    const { client } = clientFor(t, hub.url, { kind: 'files', redirectHosts, token: 'secret-of-the-hub' })
    const told = { ...FILE, withToken: true, own: { 'x-ticket': 'ours' } }
    for (const path of ['/x?signature=1', '/on'])
      assert.equal(await textOf((await client.get({ ...told, at: storage.url + path })).body), 'bytes')
    assert.deepEqual(seen, [
      ['/x?signature=1', 'ours', undefined],
      ['/on', 'ours', undefined],
      ['/there', undefined, undefined],
    ])
    assert.deepEqual(hub.hits, [])
    const other = await serve(t, bytes)
    for (const at of [other.url, 'file:///etc/passwd', storage.url.replace('//', '//user:pw@')])
      await rejection(client.get({ ...told, at }), 'upstream_invalid')
    assert.deepEqual(other.hits, [])
  })

  test('may lead to the hosts it is told, and nowhere else', async (t) => {
    const storage = await serve(t, bytes)
    const other = await serve(t, bytes)
    const hub = await serve(t, (request, response) =>
      response.writeHead(302, { Location: request.url === '/a' ? storage.url : other.url }).end(),
    )
    const { client } = clientFor(t, hub.url, { kind: 'files', redirectHosts: [storage.host] })
    assert.equal(await textOf((await client.get({ ...FILE, path: '/a' })).body), 'bytes')
    const error = await rejection(client.get({ ...FILE, path: '/b' }), 'upstream_invalid')
    assert.match(error.detail.said ?? '', /none of the hosts it may lead to/)
    assert.deepEqual(other.hits, [])
  })
})

test('hosts that a redirect may lead to are whole names, with their ports', () => {
  const home = new URL('https://hub.example/x')
  const hosts = ['cdn.example', 'port.example:8443', '*.hf.example']
  const leads = (url: string): boolean => mayLeadTo(new URL(url), home, hosts)
  for (const url of [
    'https://hub.example/y',
    'https://cdn.example/',
    'https://port.example:8443/',
    'https://a.hf.example/',
    'https://a.b.hf.example/',
  ])
    assert.equal(leads(url), true, url)
  for (const url of [
    'https://hub.example:8443/',
    'https://cdn.example:8443/',
    'https://port.example/',
    'https://hf.example/',
    'https://.hf.example/',
    'https://evilhf.example/',
    'https://a.hf.example:8443/',
    'https://cdn.example.evil/',
    'http://hub.example/',
  ])
    assert.equal(leads(url), false, url)
  assert.equal(mayLeadTo(new URL('https://anywhere.example/'), home, undefined), true)
})

suite('the limits of an upstream of files', () => {
  test('are a 403 with nothing left, and tell when to come back', async (t) => {
    const { client, clock, hub } = await limited(t, (now) => ({
      'X-RateLimit-Limit': '60',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(now / 1000 + 90),
    }))
    const error = await rejection(client.get(FILE), 'upstream_rate_limited')
    assert.equal(error.retryAfter, 90)
    assert.deepEqual(error.detail['headers'], {
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(clock() / 1000 + 90),
    })
    assert.deepEqual(client.rateLimit('hub'), { limit: 60, remaining: 0, window: 90, seenAt: clock() })
    assert.equal(hub.hits.length, 1)
  })

  test('are no 403 with something left, which says why in headers', async (t) => {
    const { client } = await limited(t, () => ({
      'X-RateLimit-Remaining': '12',
      'X-Error-Code': 'GatedRepo',
      'X-Error-Message': `Access for ${TOKEN} is restricted`,
      'Set-Cookie': 'a=b',
    }))
    const error = await rejection(client.get({ ...FILE, withToken: true }), 'upstream_denied')
    assert.deepEqual(error.detail['headers'], {
      'x-ratelimit-remaining': '12',
      'x-error-code': 'GatedRepo',
      'x-error-message': 'Access for … is restricted',
    })
  })

  test('may be told as Hugging Face does', async (t) => {
    const hub = await serve(t, (_, response) => {
      response.writeHead(200, {
        RateLimit: '"resolvers";r=2999;t=172',
        'RateLimit-Policy': '"fixed window";"resolvers";q=3000;w=300',
      })
      response.end()
    })
    const { client, clock } = clientFor(t, hub.url, { kind: 'files' })
    await client.head(FILE)
    const seenAt = clock()
    assert.deepEqual(client.rateLimit('hub'), { limit: 3000, remaining: 2999, window: 172, seenAt })
  })

  test('say nothing of that kind to registries', async (t) => {
    const hub = await serve(t, (_, response) =>
      response.writeHead(403, { 'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': '0' }).end(),
    )
    const { client } = clientFor(t, hub.url)
    const error = await rejection(client.get(FILE), 'upstream_denied')
    assert.equal(error.detail['headers'], undefined)
    assert.equal(client.rateLimit('hub'), undefined)
  })
})

async function limited(
  t: Parameters<typeof serve>[0],
  headers: (now: number) => Readonly<Record<string, string>>,
) {
  let now = 0
  const hub = await serve(t, (_, response) => response.writeHead(403, headers(now)).end())
  const made = clientFor(t, hub.url, { kind: 'files', token: TOKEN })
  now = made.clock()
  return { ...made, hub }
}
