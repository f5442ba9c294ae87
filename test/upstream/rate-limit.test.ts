import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRetryAfter } from '../../src/upstream/rate-limit.ts'
import { BLOB, clientFor, MANIFEST, rejection, serve, textOf } from './support.ts'

test('a 429 is remembered for manifests, with the time that is left; blobs go on', async (t) => {
  const hub = await serve(t, (request, response) => {
    if (request.url?.includes('/manifests/') === true) {
      response
        .writeHead(429, { 'Retry-After': '7', 'Content-Type': 'text/plain' })
        .end('You have reached your limit')
    } else response.end('x')
  })
  const { client, clock } = clientFor(t, hub.url)
  const first = await rejection(client.get(MANIFEST), 'upstream_rate_limited')
  assert.equal(first.retryAfter, 7)
  clock.advance(2500)
  const second = await rejection(client.head(MANIFEST), 'upstream_rate_limited')
  assert.equal(second.retryAfter, 5)
  assert.deepEqual(second.detail, first.detail)
  assert.deepEqual(second.detail, { upstream: 'hub', status: 429, said: 'You have reached your limit' })
  assert.equal(await textOf((await client.get(BLOB)).body), 'x')
  assert.equal(hub.hits.length, 2)
  clock.advance(4500)
  await rejection(client.get(MANIFEST), 'upstream_rate_limited')
  assert.equal(hub.hits.length, 3)
  assert.equal(client.health('hub'), 'closed')
})

test('a 429 without Retry-After means a minute; a clock that goes back ends the wait', async (t) => {
  const hub = await serve(t, (_, response) => response.writeHead(429).end())
  const { client, clock } = clientFor(t, hub.url)
  assert.equal((await rejection(client.get(MANIFEST), 'upstream_rate_limited')).retryAfter, 60)
  clock.advance(59_999)
  assert.equal((await rejection(client.get(MANIFEST), 'upstream_rate_limited')).retryAfter, 1)
  clock.advance(-10 * 86_400_000)
  await rejection(client.get(MANIFEST), 'upstream_rate_limited')
  assert.equal(hub.hits.length, 2)
})

test('a 429 of a host behind a redirect is not held against the registry', async (t) => {
  const cdn = await serve(t, (_, response) => response.writeHead(429).end())
  const hub = await serve(t, (request, response) => {
    if (request.url === BLOB.path) response.writeHead(307, { Location: cdn.url }).end()
    else response.end('x')
  })
  const { client } = clientFor(t, hub.url)
  await rejection(client.get(BLOB), 'upstream_rate_limited')
  await client.head(MANIFEST)
})

test('Retry-After is seconds or a date, and stays within reason', () => {
  const now = Date.UTC(2026, 0, 1)
  assert.equal(parseRetryAfter('120', now), 120)
  assert.equal(parseRetryAfter(' 0 ', now), 1)
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:01:30 GMT', now), 90)
  assert.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now), 1)
  assert.equal(parseRetryAfter('1999999999', now), 6 * 3600)
  assert.equal(parseRetryAfter('soon', now), undefined)
  assert.equal(parseRetryAfter(undefined, now), undefined)
})

test('the pull budget is read from any answer, errors included, and kept while nothing is said', async (t) => {
  const answers: [number, Record<string, string>][] = [
    [200, { 'RateLimit-Limit': '100;w=21600', 'RateLimit-Remaining': '76;w=21600' }],
    [200, {}],
    [404, { 'RateLimit-Limit': '100;w=21600', 'RateLimit-Remaining': '75;w=21600' }],
    [200, { 'RateLimit-Limit': 'many', 'RateLimit-Remaining': '1' }],
    [200, { 'RateLimit-Limit': '200, 200;window=1', 'RateLimit-Remaining': '0' }],
  ]
  const hub = await serve(t, (_, response, n) => response.writeHead(...(answers[n - 1] ?? [500, {}])).end())
  const { client, clock } = clientFor(t, hub.url)
  const start = clock()
  assert.equal(client.rateLimit('hub'), undefined)
  await client.head(MANIFEST)
  assert.deepEqual(client.rateLimit('hub'), { limit: 100, remaining: 76, window: 21_600, seenAt: start })
  clock.advance(5)
  await client.head(MANIFEST)
  assert.equal(client.rateLimit('hub')?.seenAt, start)
  await rejection(client.head(MANIFEST), 'upstream_not_found')
  assert.deepEqual(client.rateLimit('hub'), { limit: 100, remaining: 75, window: 21_600, seenAt: start + 5 })
  await client.head(MANIFEST)
  assert.equal(client.rateLimit('hub')?.remaining, 75)
  await client.head(MANIFEST)
  assert.deepEqual(client.rateLimit('hub'), { limit: 200, remaining: 0, window: 0, seenAt: start + 5 })
})
