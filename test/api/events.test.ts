import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { Router } from '@koa/router'
import Koa from 'koa'
import { rememberWelcome } from '../../src/api/again.ts'
import { createEvents } from '../../src/api/events.ts'
import { socketAddress } from '../../src/api/socket.ts'
import { remember } from '../../src/api/visitor.ts'
import { AppError } from '../../src/domain/errors.ts'
import { SILENT } from '../../src/domain/log.ts'
import type { Principal } from '../../src/domain/principal.ts'
import { createGrant } from '../../src/policy/access.ts'
import { createPolicy } from '../../src/policy/policy.ts'
import { bcryptLine } from '../auth/support.ts'
import { addBlob, blobPath, eventually, MIB } from '../e2e/support.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { startPair } from '../support/cachalot.ts'
import type { Cleanup } from '../support/temp.ts'
import { listen } from './live-support.ts'

const LIVE = { pulls: [], flights: [] }

/** The events of a server that has nothing else, at a pace for tests. */
async function startEvents(t: Cleanup) {
  const grant = createGrant(createPolicy([], []))
  let who: Principal | undefined = { kind: 'user', name: 'bob', role: 'user' }
  let readers = 0
  let looks = 0
  const events = createEvents({
    log: SILENT,
    topics: {
      live: () => {
        looks++
        const flight = { digest: undefined, name: 'a', size: 1, done: 0, readers, rate: 0 }
        return readers === 0 ? LIVE : { pulls: [], flights: [flight] }
      },
      overview: () => assert.fail('nobody asked for it'),
      jobs: () => assert.fail('nobody asked for it'),
    },
    pace: { tick: 5, ping: 20, trust: 10 },
  })
  const welcome = async () => {
    if (who === undefined) throw new AppError('unauthorized')
    return { address: '', access: grant(who) }
  }
  const koa = new Koa()
  koa.use(async (ctx, next) => {
    remember(ctx.req, await welcome())
    rememberWelcome(ctx.req, welcome)
    try {
      await next()
    } catch (error) {
      ctx.status = error instanceof AppError ? error.facts.status : 500
    }
  })
  const router = new Router({ prefix: '/api/v1' })
  events.routes(router)
  koa.use(router.routes())
  const handle = koa.callback() as RequestListener // Koa's handler answers by itself
  const server = createServer(handle)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    events,
    where: { port },
    looks: () => looks,
    /** What `live` says changes with it. */
    setReaders: (count: number) => {
      readers = count
    },
    setWho: (principal: Principal | undefined) => {
      who = principal
    },
  }
}

suite('a stream of events', () => {
  test('says a topic at once, again where it changed, and pings between', async (t) => {
    const { where, setReaders, looks } = await startEvents(t)
    const ear = await listen(where, '/events?topics=live')
    assert.equal(ear.headers['content-type'], 'text/event-stream')
    assert.deepEqual(await ear.next('live'), LIVE)
    const before = looks()
    await ear.next('ping')
    await ear.next('ping')
    assert.ok(looks() > before, 'it looked meanwhile')
    assert.equal(ear.heard.filter(({ event }) => event === 'live').length, 1)
    setReaders(2)
    assert.equal((await ear.next('live')).flights[0]?.readers, 2)
    ear.leave()
  })

  test('costs nothing when nobody listens', async (t) => {
    const { events, where, looks } = await startEvents(t)
    assert.deepEqual(events.state(), { listeners: 0, ticks: false })
    const one = await listen(where, '/events?topics=live')
    const two = await listen(where, '/events?topics=live')
    assert.deepEqual(events.state(), { listeners: 2, ticks: true })
    one.leave()
    two.leave()
    await eventually('nothing ticks', () => !events.state().ticks)
    const before = looks()
    await new Promise((resolve) => {
      setTimeout(resolve, 30)
    })
    assert.deepEqual([events.state().listeners, looks()], [0, before])
  })

  test('ends with the login, with another role, and with the server', async (t) => {
    const { events, where, setWho } = await startEvents(t)
    const bob: Principal = { kind: 'user', name: 'bob', role: 'user' }
    const out = await listen(where, '/events?topics=live')
    setWho(undefined)
    await out.ended
    setWho({ ...bob, role: 'operator' })
    const demoted = await listen(where, '/events?topics=live')
    await demoted.next('ping')
    setWho(bob)
    await demoted.ended
    const last = await listen(where, '/events?topics=live')
    events.close()
    await last.ended
    assert.equal((await listen(where, '/events')).status, 503)
    await eventually('nothing ticks', () => !events.state().ticks)
  })

  test('there are only so many for one, and in all', async (t) => {
    const { events, where, setWho } = await startEvents(t)
    const open = async () => (await listen(where, '/events?topics=live')).status
    for (let n = 0; n < 8; n++) assert.equal(await open(), 200)
    assert.equal(await open(), 429)
    // Whoever listens keeps the login they came with; only new ones are somebody else.
    assert.equal(events.state().listeners, 8)
    setWho({ kind: 'user', name: 'carol', role: 'user' })
    await eventually('those of somebody else are gone', () => events.state().listeners === 0)
    assert.equal(await open(), 200)
  })

  test('of what there is not is refused', async (t) => {
    const { where } = await startEvents(t)
    for (const query of ['?topics=weather', '?topics=', '?topics=live,weather', '?what=1'])
      assert.equal((await listen(where, `/events${query}`)).status, 400, query)
  })
})

suite('events of a whole server', () => {
  test('tell of a pull while it goes on', async (t) => {
    const { hub, cache } = await startPair(t)
    const ear = await listen({ socketPath: socketAddress(cache.dataDir).path }, '/events')
    const first = await ear.next('live')
    assert.deepEqual(first, LIVE)
    const blob = addBlob(hub, 4 * MIB)
    hub.faults.add({
      times: 1,
      when: { kind: 'blob', ref: blob.digest },
      fault: { hang: { afterBytes: 2 * MIB } },
    })
    const stream = await cache.open(blobPath(blob.digest))
    await stream.read(MIB)
    const live = await ear.next('live', ({ flights }) => (flights[0]?.done ?? 0) >= 2 * MIB)
    assert.equal(live.flights[0]?.name, `docker.io/library/app@${blob.digest}`)
    const overview = await ear.next('overview', ({ active }) => active.pulls === 1)
    assert.equal(overview.disk.maxSize >= 0, true)
    stream.destroy()
    await cache.close(0)
    await ear.ended
  })

  test('are for users, end when one is removed, and hold no server up', async (t) => {
    const { cache, users, clock } = await startGuarded(t)
    assert.equal((await listen(cache, '/events')).status, 401)
    const bob = await listen(cache, '/events?topics=live', as('bob'))
    const carol = await listen(cache, '/events?topics=live', as('carol'))
    await bob.next('live')
    await carol.next('live')
    await writeFile(users, bcryptLine('carol', 'singer'))
    clock.advance(2000)
    await bob.ended
    const began = performance.now()
    await cache.close(20_000)
    await carol.ended
    assert.ok(performance.now() - began < 10_000, 'streams are ended, not waited for')
  })
})
