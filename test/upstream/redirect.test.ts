import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/domain/errors.ts'
import { nextHop } from '../../src/upstream/redirect.ts'
import { BLOB, clientFor, deadPort, type Handler, rejection, serve, textOf } from './support.ts'

const CREDENTIALS = { username: 'me', password: 'secret' }

/** Asks for a token first, then does what `then` says. */
function guarded(realm: () => string, then: Handler): Handler {
  return (request, response, n) => {
    if (request.url?.startsWith('/token') === true) response.end('{"token":"T1"}')
    else if (request.headers.authorization === 'Bearer T1') then(request, response, n)
    else response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${realm()}/token"` }).end()
  }
}

test('a redirect to another host keeps the range and loses the authorization, in both spellings of "other"', async (t) => {
  const bytes: Handler = (_, response) => {
    response.writeHead(206, { 'Content-Range': 'bytes 2-3/9', 'Content-Length': 2 }).end('cd')
  }
  const otherHost = await serve(t, bytes, { address: '127.0.0.2' })
  const otherPort = await serve(t, bytes)
  for (const cdn of [otherHost, otherPort]) {
    const hub = await serve(
      t,
      guarded(
        () => hub.url,
        (_, response) =>
          response.writeHead(307, { Location: `${cdn.url}/data?X-Amz-Signature=CANARY` }).end(),
      ),
    )
    const { client, log } = clientFor(t, hub.url, CREDENTIALS)
    const { body } = await client.get(BLOB, { from: 2, to: 3, ifRange: '"e"' })
    assert.equal(await textOf(body), 'cd')
    const sent = cdn.hits[0]?.headers
    assert.equal(cdn.hits[0]?.url, '/data?X-Amz-Signature=CANARY')
    assert.equal(sent?.authorization, undefined)
    assert.equal(sent?.range, 'bytes=2-3')
    assert.equal(sent?.['if-range'], '"e"')
    assert.equal(sent?.['accept-encoding'], 'identity')
    assert.equal(log.text().includes('CANARY'), false)
  }
})

test('a redirect on the same host keeps the authorization', async (t) => {
  const hub = await serve(
    t,
    guarded(
      () => hub.url,
      (request, response) => {
        if (request.url === BLOB.path) response.writeHead(302, { Location: '../other' }).end()
        else response.end('x')
      },
    ),
  )
  const { client } = clientFor(t, hub.url, CREDENTIALS)
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  assert.equal(hub.hits.at(-1)?.url, '/v2/library/nginx/other')
})

test('a redirect that leads back home brings no authorization, and its 401 gets no token', async (t) => {
  const away = await serve(
    t,
    (_, response) => response.writeHead(307, { Location: `${hub.url}/back` }).end(),
    {
      address: '127.0.0.2',
    },
  )
  const hub = await serve(t, (request, response) => {
    if (request.url?.startsWith('/token') === true) response.end('{"token":"T1"}')
    else if (request.url === '/back' || request.headers.authorization === undefined) {
      response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${hub.url}/token"` }).end()
    } else response.writeHead(307, { Location: `${away.url}/x` }).end()
  })
  const { client } = clientFor(t, hub.url, CREDENTIALS)
  await rejection(client.get(BLOB), 'upstream_denied')
  const back = hub.hits.filter((hit) => hit.url === '/back')
  assert.equal(back.length, 2)
  assert.ok(back.every((hit) => hit.headers.authorization === undefined))
  assert.equal(hub.hits.filter((hit) => hit.url.startsWith('/token')).length, 1)
})

for (const status of [301, 302, 303, 307, 308]) {
  test(`${status} is followed, for HEAD too`, async (t) => {
    const hub = await serve(t, (request, response) => {
      if (request.url === BLOB.path) response.writeHead(status, { Location: '/there' }).end('moved')
      else response.end('x')
    })
    const { client } = clientFor(t, hub.url)
    await client.head(BLOB)
    assert.equal(await textOf((await client.get(BLOB)).body), 'x')
    assert.deepEqual(
      hub.hits.map((hit) => hit.method),
      ['HEAD', 'HEAD', 'GET', 'GET'],
    )
  })
}

test('five hops are followed, a sixth is not', async (t) => {
  let last = 5
  const hub = await serve(t, (request, response) => {
    const at = Number(new URL(request.url ?? '', 'http://x').searchParams.get('hop') ?? 0)
    if (at === last) response.end('x')
    else response.writeHead(307, { Location: `?hop=${at + 1}` }).end()
  })
  const { client } = clientFor(t, hub.url)
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  last = 6
  const error = await rejection(client.get(BLOB), 'upstream_invalid')
  assert.match(error.detail.said ?? '', /more than 5 hops/)
})

test('a loop is refused on its first round', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(307, { Location: BLOB.path }).end())
  const { client } = clientFor(t, hub.url)
  const error = await rejection(client.get(BLOB), 'upstream_invalid')
  assert.match(error.detail.said ?? '', /circles/)
  assert.equal(hub.hits.length, 1)
})

test('a redirect without a Location is not trusted', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(307).end())
  await rejection(clientFor(t, hub.url).client.get(BLOB), 'upstream_invalid')
})

const REFUSED: readonly [string, string][] = [
  ['http://cdn.example/x?sig=CANARY', 'cdn.example is not https'],
  ['ftp://cdn.example/x', 'scheme ftp:'],
  ['file:///etc/passwd', 'scheme file:'],
  ['javascript:alert(1)', 'scheme javascript:'],
  ['https://u:p@cdn.example/x?sig=CANARY', 'userinfo in the address of cdn.example'],
  ['https://[bad/x', 'no usable Location'],
]

for (const [location, said] of REFUSED) {
  test(`nextHop refuses ${location}`, () => {
    const from = new URL('https://hub.example/v2/')
    assert.throws(
      () => nextHop(from, location, new Set([from.href]), 'hub'),
      (error) => {
        assert.ok(error instanceof AppError)
        assert.equal(error.code, 'upstream_invalid')
        assert.equal(error.detail.said, `redirect refused: ${said}`)
        return true
      },
    )
  })
}

test('http may become https, and a relative Location is resolved', () => {
  const from = new URL('http://hub.example/v2/a/blobs/x')
  const hop = (location: string) => nextHop(from, location, new Set([from.href]), 'hub').href
  assert.equal(hop('https://cdn.example/x#f'), 'https://cdn.example/x')
  assert.equal(hop('y?z=1'), 'http://hub.example/v2/a/blobs/y?z=1')
  assert.equal(hop('//cdn.example/y'), 'http://cdn.example/y')
})

for (const status of [401, 403, 404, 500, 503]) {
  test(`a signed link that has expired (${status}) is renewed once`, async (t) => {
    const cdn = await serve(
      t,
      (request, response) => {
        if (request.url === '/blob?sig=2') response.end('x')
        else
          response
            .writeHead(status)
            .end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>')
      },
      { address: '127.0.0.2' },
    )
    let asked = 0
    const hub = await serve(t, (_, response) => {
      response.writeHead(307, { Location: `${cdn.url}/blob?sig=${++asked}` }).end()
    })
    const { client } = clientFor(t, hub.url)
    assert.equal(await textOf((await client.get(BLOB)).body), 'x')
    assert.equal(asked, 2)
  })
}

test('links that stay refused end in the error, without their signature', async (t) => {
  const cdn = await serve(t, (request, response) => {
    response
      .writeHead(403, { 'Content-Type': 'text/plain' })
      .end(`denied: http://cdn${request.url} CANARYSIG`)
  })
  const hub = await serve(t, (_, response) => {
    response.writeHead(307, { Location: `${cdn.url}/blob?sig=CANARYSIG` }).end()
  })
  const { client, log } = clientFor(t, hub.url)
  const error = await rejection(client.get(BLOB), 'upstream_denied')
  assert.deepEqual(error.detail, { upstream: 'hub', status: 403, said: 'denied: http://cdn/blob?… …' })
  assert.equal(log.text().includes('CANARY'), false)
  assert.equal(hub.hits.length, 2)
  assert.equal(cdn.hits.length, 2)
})

test('a dead host behind a redirect is asked for again through the registry, and the registry stays open', async (t) => {
  const dead = await deadPort()
  const alive = await serve(t, (_, response) => response.end('x'))
  const hub = await serve(t, (_, response, n) => {
    response.writeHead(307, { Location: n === 1 ? `http://127.0.0.1:${dead}/x` : `${alive.url}/x` }).end()
  })
  const { client } = clientFor(t, hub.url)
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  assert.equal(client.health('hub'), 'closed')
})

test('a host behind a redirect that stays dead is unreachable, the registry healthy', async (t) => {
  const dead = await deadPort()
  const hub = await serve(t, (_, response) => {
    response.writeHead(307, { Location: `http://127.0.0.1:${dead}/x?sig=CANARY` }).end()
  })
  const { client } = clientFor(t, hub.url)
  for (let i = 0; i < 4; i++) {
    const error = await rejection(client.get(BLOB), 'upstream_unreachable')
    assert.equal(JSON.stringify(error.detail).includes('CANARY'), false)
  }
  assert.equal(client.health('hub'), 'closed')
})
