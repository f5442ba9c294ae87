import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { TestStep, UpstreamRow } from '../../src/api/contract-activity.ts'
import { healthOf } from '../../src/api/upstreams.ts'
import { MINUTE } from '../../src/domain/clock.ts'
import { addBlob, blobPath, eventually, manifestPath } from '../e2e/support.ts'
import { apiOf } from '../jobs/support.ts'
import { as, auditOf, startGuarded } from '../security/access-support.ts'
import { startPair } from '../support/cachalot.ts'
import { get } from './live-support.ts'

const rowOf = async (cache: Parameters<typeof get>[0], headers = {}) =>
  (await get<{ items: UpstreamRow[] }>(cache, '/upstreams', headers)).items[0] ?? assert.fail()

suite('upstreams', () => {
  test('say what is known of them from pulls', async (t) => {
    const { hub, cache } = await startPair(t, {
      fake: { rateLimit: { limit: 100, remaining: 90, window: 60 } },
    })
    const before = await rowOf(cache)
    assert.deepEqual(
      [
        before.name,
        before.url,
        before.isDefault,
        before.health,
        before.hasLogin,
        before.p50,
        before.requests,
      ],
      ['docker.io', hub.url, true, 'unknown', false, undefined, 0],
    )
    hub.addImage('library/app', { tags: ['1'] })
    const blob = addBlob(hub, 50_000)
    await cache.fetch(manifestPath('1'))
    await cache.fetch(blobPath(blob.digest))
    await cache.fetch(blobPath(blob.digest))
    const after = await rowOf(cache)
    assert.deepEqual([after.health, after.requests, after.lastError], ['ok', 3, undefined])
    assert.ok((after.p50 ?? 0) > 0 && (after.p95 ?? 0) >= (after.p50 ?? 0))
    assert.ok((after.hitRate ?? 0) > 0.45 && (after.hitRate ?? 0) < 0.5)
    // What landed is counted after it was sent, and sums over everything are made behind the answers.
    await eventually('what was fetched, and what it takes on disk, is counted', async () => {
      const { fetched, bytes } = await rowOf(cache)
      return fetched > 50_000 && bytes >= 50_000
    })
    assert.deepEqual([after.limit?.limit, after.limit?.window], [100, 60])
  })

  test('what is not there or not ours is no fault of theirs; what fails is, and passes', async (t) => {
    const { hub, cache, clock } = await startGuarded(t, { auth: { anonymous_pull: 'all' } })
    hub.addImage('library/app', { tags: ['1'] })
    for (const status of [404, 401, 403]) {
      hub.faults.add({ times: 1, when: { kind: 'manifest' }, fault: { status } })
      await cache.fetch(manifestPath(`x${status}`))
    }
    assert.equal((await rowOf(cache, as('bob'))).lastError, undefined)
    hub.faults.add({
      when: { kind: 'manifest' },
      fault: { status: 500, body: 'secret-repository is broken' },
    })
    for (let n = 0; n < 3; n++) await cache.fetch(manifestPath(`bad-${n}`))
    const user = await rowOf(cache, as('bob'))
    const operator = await rowOf(cache, as('carol'))
    const said = { at: clock(), code: 'upstream_failed', text: 'the upstream failed' }
    assert.deepEqual([user.health, user.lastError], ['down', said])
    assert.match(operator.lastError?.text ?? '', /^the upstream failed: .+/)
    hub.faults.clear()
    clock.advance(MINUTE)
    await cache.fetch(manifestPath('1'))
    const well = await rowOf(cache, as('bob'))
    assert.deepEqual([well.health, well.lastError?.at], ['ok', clock() - MINUTE])
  })

  test('health needs a reason', () => {
    const well = { p50: 20, p95: 30, failures: 0, lastError: undefined }
    assert.equal(healthOf('closed', well), 'ok')
    assert.equal(healthOf('closed', { ...well, p50: 1500 }), 'slow')
    assert.equal(healthOf('closed', { ...well, failures: 2 }), 'ok')
    assert.equal(healthOf('closed', { ...well, failures: 3 }), 'down')
    assert.equal(healthOf('due', { ...well, failures: 1 }), 'down')
    assert.equal(healthOf('open', well), 'slow')
    assert.equal(healthOf('closed', undefined), 'unknown')
  })
})

suite('looking at an upstream', () => {
  test('asks it step by step, and writes down who did', async (t) => {
    const { hub, cache } = await startGuarded(t)
    const test = async (name: string, who: string) =>
      await cache.fetch('/api/v1/upstreams/test', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...as(who) },
        body: JSON.stringify({ name }),
        lint: false,
      })
    assert.equal((await test('docker.io', 'bob')).status, 403)
    assert.equal(hub.requests.count({}), 0)
    const answer = await test('docker.io', 'carol')
    const { steps } = JSON.parse(answer.body.toString()) as { steps: TestStep[] } // as the contract says
    assert.deepEqual(
      steps.map(({ name, state }) => `${name} ${state}`),
      ['name ok', 'connect ok', 'registry ok'],
    )
    assert.equal((await test('nowhere.example', 'carol')).status, 404)
    assert.ok(
      auditOf(cache).some(
        ({ who, action, target }) => `${who} ${action} ${target}` === 'carol upstream.test docker.io',
      ),
    )
  })

  test('says which step fails', async (t) => {
    const { hub, cache } = await startPair(t)
    await hub.stop()
    const { steps } = await apiOf(cache).post('/upstreams/test', { name: 'docker.io' })
    assert.deepEqual([steps.at(-1)?.name, steps.at(-1)?.state], ['connect', 'fail'])
    await hub.start()
  })
})
