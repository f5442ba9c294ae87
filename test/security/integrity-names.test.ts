import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, SECOND } from '../../src/domain/clock.ts'
import { addBlob, blobPath, eventually, MIB, manifestPath } from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { createChance } from './incoming-support.ts'

const STEPS = 250
const TAG_TTL = MINUTE

/** What an upstream does for a while; nothing that is tried again after a pause. */
const MOODS: readonly ((hub: FakeUpstream) => void)[] = [
  () => undefined,
  () => undefined,
  (hub) => void hub.faults.add({ fault: { status: 403 } }),
  (hub) => void hub.faults.add({ fault: { status: 401 } }),
  (hub) => void hub.faults.add({ fault: { hugeHeader: true } }),
  (hub) => void hub.faults.add({ when: { method: 'GET' }, fault: { status: 403 } }),
  (hub) => void hub.faults.add({ when: { method: 'HEAD' }, fault: { status: 404 } }),
]

/** SEC-28 */
test('a tag that moves to and fro while its upstream flaps is right or said to be stale', async (t) => {
  const clock = fakeClock()
  const config = { cache: { tag_ttl: '1m' } }
  const { hub, cache } = await startPair(t, { clock, config })
  const images = Array.from({ length: 4 }, () => hub.addImage('library/app', { layers: 0 }).manifest)
  const chance = createChance(28)
  const any = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] ?? assert.fail()
  let now = any(images).digest
  hub.tag('library/app', '1', now)
  await cache.fetch(manifestPath('1'))
  /** What the cache last heard of the tag from its upstream, in the background too. */
  let heard = { at: clock(), digest: now }
  const seen = new Map<string, number>()
  for (let step = 0; step < STEPS; step++) {
    clock.advance(any([SECOND, SECOND, 20 * SECOND, TAG_TTL, 5 * MINUTE]))
    if (chance() < 0.3) {
      now = any(images).digest
      hub.tag('library/app', '1', now)
    }
    hub.faults.clear()
    any(MOODS)(hub)
    hub.requests.clear()
    const { status, headers } = await cache.fetch(manifestPath('1'), { method: any(['GET', 'GET', 'HEAD']) })
    assert.equal(status, 200, `step ${step}`)
    await eventually('nothing is asked', () => hub.requests.count({ closed: false }) === 0)
    const outcome = String(headers['x-cache'])
    const digest = headers['docker-content-digest']
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    assert.equal(headers.warning !== undefined, outcome === 'stale', `${step}: ${outcome}`)
    if (hub.requests.count({ ref: '1', status: 200 }) > 0) heard = { at: clock(), digest: now }
    if (outcome === 'stale') continue
    assert.ok(clock() - heard.at < TAG_TTL, `${step}: ${outcome}, but older than tag_ttl`)
    assert.equal(digest, heard.digest, `${step}: ${outcome}`)
    assert.ok(outcome === 'hit' || hub.requests.count() > 0, `${step}: ${outcome}, but nobody was asked`)
  }
  for (const outcome of ['hit', 'revalidated', 'stale'])
    assert.ok((seen.get(outcome) ?? 0) > 10, `${outcome}: ${seen.get(outcome)}`)
})

/** SEC-27 */
test('an answer that says nothing of the content is not remembered as its absence', async (t) => {
  const { hub, cache } = await startPair(t, { clock: fakeClock() })
  for (const status of [400, 401, 403, 405, 408, 418, 451, 500, 503]) {
    const tag = `t${status}`
    hub.addImage('library/app', { tags: [tag], layers: 0 })
    const blob = addBlob(hub, MIB / 2)
    hub.faults.add({ fault: { status } })
    for (const path of [manifestPath(tag), blobPath(blob.digest)])
      assert.notEqual((await cache.fetch(path)).status, 404, `${status}`)
    hub.faults.clear()
    for (const path of [manifestPath(tag), blobPath(blob.digest)])
      assert.equal((await cache.fetch(path)).status, 200, `${status}`)
  }
})

/** SEC-27 */
test('a "not found" is forgotten after negative_ttl, for every name on its own', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock, config: { cache: { negative_ttl: '10s' } } })
  const { manifest, config } = hub.addImage('library/app', { tags: ['1'], layers: 0 })
  const gone = hub.faults.add({ when: { repo: 'library/app' }, fault: { status: 404 } })
  const paths = [manifestPath('1'), manifestPath(manifest.digest), blobPath(config.digest)]
  const statuses = async () => await Promise.all(paths.map(async (path) => (await cache.fetch(path)).status))
  assert.deepEqual(await statuses(), [404, 404, 404])
  gone.remove()
  hub.addImage('library/other', { tags: ['1'], layers: 0 })
  assert.equal((await cache.fetch(manifestPath('1', 'library/other'))).status, 200)
  clock.advance(10 * SECOND)
  assert.deepEqual(await statuses(), [200, 200, 200])
})
