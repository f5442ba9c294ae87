import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createHub, type Heard, type Hub, type HubSettings } from '../../src/hub/hub.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { type FakeHub, startFakeHub } from '../support/fake-hub.ts'
import type { Cleanup } from '../support/temp.ts'

const MINUTE = 60_000
const LONG = 60_000

interface Scene {
  readonly fake: FakeHub
  readonly hub: Hub
  readonly clock: FakeClock
  set(settings: HubSettings): void
  readonly upstream: UpstreamSettings
}

/** The client of a fake Docker Hub that has nginx, over the one way out. */
async function startScene(
  t: Cleanup,
  { within, ...changes }: Partial<UpstreamSettings> & { within?: { headers: number; all: number } } = {},
): Promise<Scene> {
  const fake = await startFakeHub(t)
  fake.add({ name: 'nginx', description: 'a server', stars: 3, pulls: 5, official: true }, [{ name: '1' }])
  const upstream: UpstreamSettings = {
    name: 'hub:docker.io',
    kind: 'files',
    url: fake.url,
    allowPrivate: true,
    tokenHosts: [],
    redirectHosts: [],
    ...changes,
  }
  const clock = fakeClock()
  const client = createOriginClient({ upstreams: [upstream], clock, log: collectorLog(), random: () => 0 })
  t.after(() => client.close())
  let settings: HubSettings = { enabled: true, registry: 'docker.io', upstream }
  const patience = within === undefined ? {} : { within }
  const hub = createHub({ client, settings: () => settings, clock, ...patience })
  return {
    fake,
    hub,
    clock,
    upstream,
    set: (next) => {
      settings = next
    },
  }
}

/** An answer in few words: where it is from, its names, and why it is not Docker Hub's. */
function brief(heard: Heard<{ readonly repository: string } | { readonly tag: string }>): string {
  if (heard.kind === 'absent') return 'absent'
  const why = heard.kind === 'hub' ? '' : `: ${heard.why.why.id}`
  const rows = heard.kind === 'nothing' ? [] : heard.list.items
  const names = rows.map((row) => ('tag' in row ? row.tag : row.repository))
  return [heard.kind, ...names].join(' ') + why
}

suite('Docker Hub is asked', () => {
  test('with its own questions, as nobody, and without what it gave before', async (t) => {
    const { fake, hub, upstream } = await startScene(t, {
      username: 'me',
      password: 'secret',
      token: 'token-1',
    })
    assert.equal(upstream.password, 'secret')
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
    assert.equal(brief(await hub.tags({ repository: 'library/nginx', part: '', page: 1 })), 'hub 1')
    assert.equal(brief(await hub.tags({ repository: 'library/nginx', part: 'x/&y', page: 2 })), 'hub')
    const [search, tags, part] = fake.requests
    assert.equal(search?.path, '/v2/search/repositories/')
    assert.deepEqual(Object.fromEntries(search.query), { query: 'nginx', page: '1', page_size: '25' })
    assert.equal(tags?.path, '/v2/namespaces/library/repositories/nginx/tags')
    assert.deepEqual(Object.fromEntries(tags.query), { page: '1', page_size: '25', ordering: 'last_updated' })
    assert.equal(part?.query.get('name'), 'x/&y')
    for (const { headers } of fake.requests) {
      assert.deepEqual(
        [headers.authorization, headers.cookie, headers.referer],
        [undefined, undefined, undefined],
      )
      assert.doesNotMatch(JSON.stringify(headers), /secret|token-1/)
    }
  })

  test('once for questions that are alike, also at one moment, for five minutes', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    const release = fake.hold()
    const all = Array.from({ length: 50 }, () => hub.search('nginx', 1))
    await fake.asked(1)
    release()
    for (const heard of await Promise.all(all)) assert.equal(brief(heard), 'hub library/nginx')
    clock.advance(5 * MINUTE - 1)
    const heard = await hub.search('nginx', 1)
    assert.equal(heard.kind === 'hub' && clock() - heard.at, 5 * MINUTE - 1)
    assert.equal(fake.requests.length, 1)
    clock.advance(1)
    await hub.search('nginx', 1)
    await hub.search('nginx', 2)
    assert.equal(fake.requests.length, 3)
  })

  test('a few questions at a time; the others are told so', async (t) => {
    const { fake, hub } = await startScene(t)
    const release = fake.hold()
    const asked = Array.from({ length: 8 }, (_, n) => hub.search(`nginx${n}`, 1))
    await fake.asked(8)
    assert.equal(brief(await hub.search('another', 1)), 'nothing: hub_busy')
    const joined = hub.search('nginx3', 1)
    release()
    await Promise.all([...asked, joined])
    assert.equal(fake.requests.length, 8)
    assert.equal(brief(await hub.search('another', 1)), 'hub')
  })

  test('not at all where it is switched off, or there is no upstream for it', async (t) => {
    const { fake, hub, set } = await startScene(t)
    set({ enabled: false, registry: 'docker.io', upstream: undefined })
    assert.equal(brief(await hub.search('nginx', 1)), 'nothing: hub_off')
    set({ enabled: true, registry: 'docker.io', upstream: undefined })
    assert.equal(brief(await hub.search('nginx', 1)), 'nothing: hub_mirror')
    set({ enabled: true, registry: undefined, upstream: undefined })
    const heard = await hub.tags({ repository: 'library/nginx', part: '', page: 1 })
    assert.ok(heard.kind === 'nothing')
    assert.equal(heard.why.message, 'this cache has no upstream docker.io')
    assert.equal(fake.requests.length, 0)
  })

  test('nowhere that its address may not lead to', async (t) => {
    const { fake, hub } = await startScene(t, { allowPrivate: false })
    assert.equal(brief(await hub.search('nginx', 1)), 'nothing: hub_invalid')
    assert.equal(fake.requests.length, 0)
  })

  test('and not followed elsewhere', async (t) => {
    const { fake, hub } = await startScene(t)
    const other = await startFakeHub(t)
    fake.mood({ kind: 'status', status: 302, headers: { location: `${other.url}/v2/search/repositories/` } })
    assert.equal(brief(await hub.search('nginx', 1)), 'nothing: hub_invalid')
    assert.equal(other.requests.length, 0)
  })
})

suite('where Docker Hub does not answer', () => {
  test('an earlier answer is given, with its age and why', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    const before = clock()
    await hub.search('nginx', 1)
    clock.advance(60 * MINUTE)
    fake.mood({ kind: 'status', status: 503 })
    const heard = await hub.search('nginx', 1)
    assert.equal(brief(heard), 'remembered library/nginx: hub_failed')
    assert.deepEqual(heard.kind === 'remembered' && [heard.at, heard.why.message], [
      before,
      'Docker Hub answered with status 503',
    ])
    assert.equal(brief(await hub.search('nothing', 1)), 'nothing: hub_failed')
    fake.mood(undefined)
    clock.advance(10_000)
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
    // A clock that was set back makes no answer fresh, and keeps nothing closed.
    clock.set(before - 60 * MINUTE)
    fake.mood({ kind: 'status', status: 400 })
    assert.equal(brief(await hub.search('nginx', 1)), 'remembered library/nginx: hub_failed')
  })

  test('a question that failed is not repeated at once', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    fake.mood({ kind: 'body', body: '<html>sign in' })
    assert.equal(brief(await hub.search('nginx', 1)), 'nothing: hub_invalid')
    assert.equal(brief(await hub.search('nginx', 1)), 'nothing: hub_invalid')
    assert.equal(fake.requests.length, 1)
    clock.advance(10_000)
    fake.mood(undefined)
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
  })

  test('bodies that are cut, endless or garbage are no answers', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    const bodies = ['', 'null', '[]', '{"results":7}', '['.repeat(200_000), '{"results":["x"]}']
    for (const [n, body] of bodies.entries()) {
      fake.mood({ kind: 'body', body })
      clock.advance(MINUTE)
      assert.equal(brief(await hub.search(`words${n}`, 1)), 'nothing: hub_invalid', body.slice(0, 20))
    }
    clock.advance(MINUTE)
    fake.mood({ kind: 'endless' })
    assert.equal(brief(await hub.search('endless', 1)), 'nothing: hub_invalid')
    clock.advance(MINUTE)
    fake.mood({ kind: 'cut' })
    assert.equal(brief(await hub.search('cut', 1)), 'nothing: hub_unreachable')
  })

  test('failures push out nothing that was said', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    await hub.search('nginx', 1)
    clock.advance(60 * MINUTE)
    fake.mood({ kind: 'status', status: 403 })
    for (let n = 0; n < 600; n++) {
      clock.advance(11_000)
      await hub.search(`typed${n}`, 1)
    }
    assert.equal(fake.requests.length, 601)
    assert.equal(brief(await hub.search('nginx', 1)), 'remembered library/nginx: hub_failed')
  })

  test('it is known whether a request went out for this very call', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    const release = fake.hold()
    const both = [hub.search('nginx', 1), hub.search('nginx', 1)]
    await fake.asked(1)
    release()
    const askedOf = async (heard: Promise<Heard<unknown>>): Promise<boolean> => (await heard).asked
    assert.deepEqual(await Promise.all(both.map(askedOf)), [true, false])
    assert.equal(await askedOf(hub.search('nginx', 1)), false)
    clock.advance(60 * MINUTE)
    fake.mood({ kind: 'status', status: 403 })
    assert.deepEqual(
      [await askedOf(hub.search('nginx', 1)), await askedOf(hub.search('nginx', 1))],
      [true, false],
    )
    assert.equal(await askedOf(hub.search('other', 1)), true)
    assert.equal(fake.requests.length, 3)
  })

  test('a search that is not found is one that failed', async (t) => {
    const { fake, hub } = await startScene(t)
    fake.mood({ kind: 'status', status: 404 })
    const heard = await hub.search('nginx', 1)
    assert.equal(brief(heard), 'nothing: hub_failed')
    assert.deepEqual(heard.kind === 'nothing' && heard.why.why.params, { status: 404 })
    assert.equal(brief(await hub.search('nginx', 2)), 'hub')
  })

  test('nobody waits for long', async (t) => {
    const stalling = await startScene(t, { within: { headers: LONG, all: 300 } })
    stalling.fake.mood({ kind: 'stall' })
    assert.equal(brief(await stalling.hub.search('stalled', 1)), 'nothing: hub_slow')
    const { fake, hub } = await startScene(t, { within: { headers: 200, all: LONG } })
    fake.mood({ kind: 'hang' })
    assert.equal(brief(await hub.search('hanging', 1)), 'nothing: hub_slow')
    // The breaker knows by now: others hear of it at once.
    assert.equal(brief(await hub.search('another', 1)), 'nothing: hub_unreachable')
    assert.equal(fake.requests.length, 1)
  })

  test('it is down', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    await hub.search('nginx', 1)
    await fake.stop()
    clock.advance(60 * MINUTE)
    assert.equal(brief(await hub.search('nginx', 1)), 'remembered library/nginx: hub_unreachable')
    assert.equal(brief(await hub.search('else', 1)), 'nothing: hub_unreachable')
    await fake.start()
    clock.advance(MINUTE)
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
  })
})

suite('the limits of Docker Hub', () => {
  const limited = (headers: Record<string, string>) => ({ kind: 'status' as const, status: 429, headers })

  test('a 429 is obeyed: nothing is asked meanwhile', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    await hub.search('nginx', 1)
    clock.advance(6 * MINUTE)
    fake.mood(limited({ 'retry-after': '90' }))
    assert.equal(brief(await hub.search('other', 1)), 'nothing: hub_limited')
    fake.mood(undefined)
    clock.advance(30_000)
    const heard = await hub.search('nginx', 1)
    assert.equal(brief(heard), 'remembered library/nginx: hub_limited')
    assert.deepEqual(heard.kind === 'remembered' && heard.why.why.params, { seconds: 60 })
    const tags = await hub.tags({ repository: 'library/nginx', part: '', page: 1 })
    assert.equal(brief(tags), 'nothing: hub_limited')
    assert.equal(fake.requests.length, 2)
    clock.advance(60_000)
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
  })

  test('a later 429 makes no rest shorter', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    const first = fake.hold()
    const one = hub.search('one', 1)
    await fake.asked(1)
    const second = fake.hold()
    const two = hub.search('two', 1)
    await fake.asked(2)
    fake.mood(limited({ 'retry-after': '600' }))
    first()
    await one
    fake.mood(limited({}))
    second()
    await two
    fake.mood(undefined)
    clock.advance(61_000)
    assert.equal(brief(await hub.search('nginx', 1)), 'nothing: hub_limited')
    clock.advance(539_000)
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
  })

  test('a 503 that says for how long is obeyed like a 429, and none is asked twice', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    fake.mood({ kind: 'status', status: 503, headers: { 'retry-after': '600' } })
    assert.equal(brief(await hub.search('one', 1)), 'nothing: hub_failed')
    for (let n = 0; n < 20; n++)
      assert.equal(brief(await hub.search(`more${n}`, 1)), 'nothing: hub_limited', String(n))
    assert.equal(fake.requests.length, 1)
    fake.mood(undefined)
    clock.advance(600_000)
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
  })

  test('after three failures in a row it is left alone for some seconds, whatever the words', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    fake.mood({ kind: 'status', status: 403 })
    await hub.search('one', 1)
    await hub.search('two', 1)
    fake.mood(undefined)
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
    fake.mood({ kind: 'status', status: 403 })
    for (const words of ['three', 'four', 'five', 'six', 'seven'])
      assert.equal(brief(await hub.search(words, 1)), 'nothing: hub_failed', words)
    assert.equal(fake.requests.length, 6)
    fake.mood(undefined)
    clock.advance(10_000)
    assert.equal(brief(await hub.search('seven', 1)), 'hub')
  })

  test('it is asked 60 times a minute, 20 times at once', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    const ask = async (n: number) => brief(await hub.search(`words${n}`, 1))
    for (let n = 0; n < 20; n++) assert.equal(await ask(n), 'hub', String(n))
    assert.equal(await ask(20), 'nothing: hub_busy')
    // What is known, nobody asks for.
    assert.equal(await ask(0), 'hub')
    for (let n = 20; n < 80; n++) {
      clock.advance(1000)
      assert.equal(await ask(n), 'hub', String(n))
      assert.equal(await ask(n + 1000), 'nothing: hub_busy', String(n))
    }
    assert.equal(fake.requests.length, 80)
    clock.advance(-60 * MINUTE)
    assert.equal(await ask(100), 'nothing: hub_busy')
    clock.advance(20_000)
    assert.equal(await ask(100), 'hub')
  })

  test('a tenth of what it allows is left to others, until its window is over', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    const reset = String(clock() / 1000 + 90)
    const left = (remaining: string) => ({
      'x-ratelimit-limit': '180',
      'x-ratelimit-remaining': remaining,
      'x-ratelimit-reset': reset,
    })
    fake.say(left('18'))
    assert.equal(brief(await hub.search('one', 1)), 'hub')
    fake.say(left('17'))
    assert.equal(brief(await hub.search('two', 1)), 'hub')
    const heard = await hub.search('three', 1)
    assert.deepEqual(heard.kind === 'nothing' && heard.why.why, {
      id: 'hub_limited',
      params: { seconds: 90 },
    })
    assert.equal(fake.requests.length, 2)
    clock.advance(90_000)
    assert.equal(brief(await hub.search('three', 1)), 'hub')
  })

  test('without a time it is a minute; a clock that was set back ends it', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    fake.mood(limited({}))
    await hub.search('nginx', 1)
    fake.mood(undefined)
    clock.advance(59_999)
    assert.equal(brief(await hub.search('nginx', 1)), 'nothing: hub_limited')
    clock.advance(1)
    assert.equal(brief(await hub.search('nginx', 1)), 'hub library/nginx')
    fake.mood(limited({ 'retry-after': 'Thu, 01 Jan 2026 03:00:00 GMT' }))
    await hub.search('other', 1)
    fake.mood(undefined)
    assert.equal(brief(await hub.search('other', 1)), 'nothing: hub_limited')
    clock.advance(-10 * MINUTE)
    assert.equal(brief(await hub.search('other', 1)), 'hub')
  })
})

suite('a repository that is not there', () => {
  const ask = { repository: 'no/such', part: '', page: 1 }

  test('is remembered as that, and as nothing once it cannot be asked', async (t) => {
    const { fake, hub, clock } = await startScene(t)
    assert.equal(brief(await hub.tags(ask)), 'absent')
    assert.equal(brief(await hub.tags(ask)), 'absent')
    assert.equal(fake.requests.length, 1)
    clock.advance(6 * MINUTE)
    await fake.stop()
    assert.equal(brief(await hub.tags(ask)), 'nothing: hub_unreachable')
  })

  test('behind the last page there is nothing more', async (t) => {
    const { hub } = await startScene(t)
    const heard = await hub.tags({ repository: 'library/nginx', part: '', page: 9 })
    assert.deepEqual(heard.kind === 'hub' && heard.list, { items: [], total: 0, hasMore: false })
  })
})

test('answers of one address are none of another', async (t) => {
  const { hub, fake, set, upstream } = await startScene(t)
  await hub.search('nginx', 1)
  set({ enabled: true, registry: 'docker.io', upstream: { ...upstream, url: 'http://127.0.0.1:9' } })
  await hub.search('nginx', 1)
  assert.equal(fake.requests.length, 2)
})
