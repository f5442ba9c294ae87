import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Cachalot, startCachalot } from '../support/cachalot.ts'
import { type ConformanceWorld, testPullSide } from '../support/conformance.ts'
import { contentBytes } from '../support/fake-content.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { addDataSets, addSpecialBlobs } from '../support/oci-data-sets.ts'
import { jsonOf } from './support.ts'

const REPO = 'library/conformance'

/** What the whole file works on: one registry, one cache, three rounds. */
interface World extends ConformanceWorld {
  readonly hub: FakeUpstream
  readonly cache: Cachalot
}

let world: World
const cleanups: (() => Promise<void> | void)[] = []

before(async () => {
  const hub = await startFakeUpstream()
  const cache = await startCachalot({ after: (fn) => void cleanups.push(fn) }, { hub })
  hub.addImage('library/empty', { layers: 0 })
  const sets = addDataSets(hub, REPO)
  world = {
    hub,
    cache,
    repository: REPO,
    sets,
    tags: sets.map(({ name }) => name).toSorted(),
    special: addSpecialBlobs(hub, REPO),
    ranged: hub.addBlob(REPO, { seed: 42, size: 2048 }).digest,
    blob: (digest) => contentBytes(hub.blob(REPO, digest) ?? assert.fail(digest)),
  }
})

after(async () => {
  for (const cleanup of cleanups) await cleanup()
  await world.hub.close()
})

function runSuite(round: string): void {
  test(`OCI-02 a repository without tags has an empty list (${round})`, async () => {
    const tags = await world.cache.fetch('/v2/library/empty/tags/list')
    assert.deepEqual(jsonOf(tags), { name: 'library/empty', tags: [] })
  })
  testPullSide(round, () => world)
}

describe('the pull side of the OCI conformance suite', () => {
  runSuite('cold')
  runSuite('warm')
  test('then the upstream is asked for nothing more and stops', async () => {
    const bodies = world.hub.requests.list({ kind: 'blob', method: 'GET' }).map(({ ref }) => ref)
    assert.equal(new Set(bodies).size, bodies.length, 'every body was fetched once')
    world.hub.requests.clear()
    await world.cache.fetch(`/v2/${REPO}/manifests/image`)
    assert.equal(world.hub.requests.count(), 0)
    await world.hub.stop()
  })
  runSuite('with the upstream stopped')
  test('and nothing broke on the way', () => {
    assert.deepEqual(world.cache.log.find('error'), [])
  })
})
