import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Cachalot } from '../support/cachalot.ts'
import type { Handler } from '../upstream/support.ts'
import {
  answerImage,
  assertNoCredentials,
  BLOB,
  guarded,
  LOGIN,
  openEvil,
  openPlace,
  PATHS,
  type Place,
  saidWith,
  startCache,
} from './support.ts'

/** What a host that is no upstream of ours may hear of us. */
const TOLD = new Set(['host', 'connection', 'user-agent', 'accept', 'accept-encoding', 'range', 'if-range'])

interface Opened {
  readonly hub: Place
  readonly cache: Cachalot
}

/** A registry behind a token that answers with `then`, and a cache that asks it for everything anew. */
async function openHub(t: TestContext, then: (hub: () => Place) => Handler): Promise<Opened> {
  const hub: Place = await openPlace(
    t,
    'hub.example',
    guarded(
      () => `${hub.base}/token`,
      then(() => hub),
    ),
  )
  return { hub, cache: await startCache(t, hub.base, { upstream: { tag_ttl: '0s' } }) }
}

/** Sends everybody on, with a cookie for the way. */
function sendOn(location: (path: string) => string, status = 307): Handler {
  return (request, response) => {
    const cookie = { 'Set-Cookie': 'CANARY-cookie=1; Path=/' }
    response.writeHead(status, { Location: location(request.url ?? ''), ...cookie }).end()
  }
}

function assertToldLittle(place: Place): void {
  assert.ok(place.hits.length > 0, 'nobody asked')
  assertNoCredentials(place)
  for (const { headers } of place.hits) {
    const others = Object.keys(headers).filter((name) => !TOLD.has(name))
    assert.deepEqual(others, [])
  }
}

describe('a redirect to another origin takes no token, login or cookie along', () => {
  for (const [what, path] of Object.entries(PATHS)) {
    for (const method of ['HEAD', 'GET']) {
      test(`of ${method} of the ${what}`, async (t) => {
        const cdn = await openPlace(t, 'cdn.test', answerImage)
        const { hub, cache } = await openHub(t, () => sendOn((asked) => `${cdn.base}${asked}?X=1`))
        const headers = {
          authorization: 'Bearer CANARY-client',
          cookie: 'CANARY-client=1',
          'proxy-authorization': 'Basic CANARY-client',
        }
        for (let i = 0; i < 2; i++) assert.equal((await cache.fetch(path, { method, headers })).status, 200)
        assertToldLittle(cdn)
        assert.ok(hub.hits.every((hit) => hit.headers.cookie === undefined))
        const seen = JSON.stringify([...hub.hits, ...cdn.hits].map((hit) => hit.headers))
        assert.ok(!seen.includes('CANARY-client'))
      })
    }
  }

  test('that is another port of the same host', async (t) => {
    const cdn = await openPlace(t, 'hub.example', answerImage)
    const hub: Place = await openPlace(
      t,
      'hub.example',
      guarded(
        () => `${hub.base}/token`,
        sendOn((path) => `${cdn.base}${path}`),
      ),
      { address: cdn.address },
    )
    const cache = await startCache(t, hub.base)
    assert.equal((await cache.fetch(PATHS.blob)).status, 200)
    assertToldLittle(cdn)
  })

  test('that leads back to the upstream, whose challenge is not answered for it', async (t) => {
    const evil = await openPlace(
      t,
      'evil.test',
      sendOn((path) => `${hubBase}/back${path}`),
    )
    const { hub, cache } = await openHub(t, () => sendOn((path) => `${evil.base}${path}`))
    const hubBase = hub.base
    assert.equal((await cache.fetch(PATHS.manifest)).status, 403)
    assertToldLittle(evil)
    const back = hub.hits.filter(({ url }) => url.startsWith('/back'))
    assertToldLittle({ ...hub, hits: back })
    assert.equal(hub.hits.filter(({ headers }) => headers.authorization === LOGIN).length, 1)
  })

  for (const challenge of ['Basic realm="x"', 'Bearer realm="HUB/token"', 'Bearer realm="EVIL/token"']) {
    test(`that asks who we are with ${challenge}`, async (t) => {
      const evil: Place = await openPlace(t, 'evil.test', (_, response) => {
        const named = challenge.replace('HUB', hubBase).replace('EVIL', evil.base)
        response.writeHead(401, { 'WWW-Authenticate': named }).end()
      })
      const { hub, cache } = await openHub(t, () => sendOn((path) => `${evil.base}${path}`))
      const hubBase = hub.base
      for (const path of [PATHS.blob, PATHS.manifest]) {
        assert.equal((await cache.fetch(path)).status, 403)
      }
      assertToldLittle(evil)
      assert.ok(evil.hits.every(({ url }) => url.startsWith('/v2/')))
      assert.equal(hub.hits.filter(({ url }) => url.startsWith('/token')).length, 1)
    })
  }

  for (const status of [301, 302, 303, 307, 308]) {
    test(`whatever the redirect is called: ${status}`, async (t) => {
      const cdn = await openPlace(t, 'cdn.test', answerImage)
      const { cache } = await openHub(t, () => sendOn((path) => `${cdn.base}${path}`, status))
      assert.equal((await cache.fetch(PATHS.blob)).status, 200)
      assertToldLittle(cdn)
    })
  }

  test('when a download that was cut goes on elsewhere', async (t) => {
    const cutting = await openPlace(t, 'cdn.test', (_, response) => {
      response.writeHead(200, { 'Content-Length': BLOB.length, ETag: '"e"' })
      response.write(BLOB.subarray(0, 20_000), () => response.destroy())
    })
    const evil = await openPlace(t, 'evil.test', answerImage)
    let asked = 0
    const { hub, cache } = await openHub(t, () =>
      sendOn((path) => `${(asked++ === 0 ? cutting : evil).base}${path}?X-Amz-Signature=CANARY`),
    )
    const answer = await cache.fetch(PATHS.blob)
    assert.equal(answer.status, 200)
    assert.ok(answer.body.equals(BLOB))
    assertToldLittle(cutting)
    assertToldLittle(evil)
    assert.match(evil.hits[0]?.headers.range ?? '', /^bytes=[1-9]\d*-$/)
    assert.deepEqual(
      hub.hits.filter(({ url }) => url === PATHS.blob).map(({ headers }) => headers.authorization),
      [undefined, 'Bearer CANARY-token', 'Bearer CANARY-token'],
    )
  })
})

describe('redirects', () => {
  test('in a circle end at once, over two hosts too', async (t) => {
    const evil: Place = await openPlace(
      t,
      'evil.test',
      sendOn((path) => `${hubBase}${path}`),
    )
    const { hub, cache } = await openHub(t, () => sendOn((path) => `${evil.base}${path}`))
    const hubBase = hub.base
    for (const path of [PATHS.blob, PATHS.manifest]) {
      assert.match(saidWith(await cache.fetch(path), 502), /circles/)
    }
    assert.equal(evil.hits.length, 2)
    assertToldLittle(evil)
  })

  test('are followed five times, not six, and each host hears of it once', async (t) => {
    let wanted = 5
    const evil: Place = await openPlace(t, 'evil.test', (request, response, n) => {
      const hop = Number(new URL(request.url ?? '', evil.base).searchParams.get('hop'))
      if (hop === wanted) answerImage(request, response, n)
      else sendOn(() => `${evil.base}${PATHS.manifest}?hop=${hop + 1}`)(request, response, n)
    })
    const { cache } = await openHub(t, () => sendOn(() => `${evil.base}${PATHS.manifest}?hop=1`))
    assert.equal((await cache.fetch(PATHS.manifest)).status, 200)
    assert.equal(evil.hits.length, 5)
    evil.hits.length = 0
    wanted = 6
    assert.match(saidWith(await cache.fetch(PATHS.referrers), 502), /more than 5 hops/)
    assert.equal(evil.hits.length, 5)
    assertToldLittle(evil)
  })

  const NOWHERE = {
    'without a Location': '',
    'to another scheme': 'ftp://evil.test/x',
    'to a file': 'file:///etc/passwd',
    'to a script': 'javascript:alert(1)',
    'with userinfo': 'http://me:CANARY@evil.test/x',
    'to nonsense': 'http://[bad/x',
  }
  for (const [what, location] of Object.entries(NOWHERE)) {
    test(`${what} are refused`, async (t) => {
      const evil = await openEvil(t)
      const { cache } = await openHub(t, () =>
        sendOn(() => location.replace('evil.test', `${evil.name}:${evil.port}`)),
      )
      for (const path of [PATHS.blob, PATHS.manifest]) {
        assert.match(saidWith(await cache.fetch(path), 502), /^redirect refused: /)
      }
      assert.equal(evil.accepted(), 0)
      assert.ok(!cache.log.text().includes('CANARY'))
    })
  }

  test('of a stale tag to a refused place leave what is cached as it is', async (t) => {
    const evil = await openEvil(t)
    let away = false
    const { cache } = await openHub(t, () => (request, response, n) => {
      if (away) sendOn(() => `ftp://${evil.name}/`)(request, response, n)
      else answerImage(request, response, n)
    })
    const before = await cache.fetch(PATHS.manifest)
    away = true
    const after = await cache.fetch(PATHS.manifest)
    assert.equal(after.status, 200)
    assert.equal(after.headers['x-cache'], 'stale')
    assert.ok(after.body.equals(before.body))
  })
})
