import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { type Pair, startPair } from '../support/cachalot.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'
import type { StoredManifest } from '../support/fake-repositories.ts'
import type { Fetched } from '../support/http.ts'
import { assertWhole, manifestPath } from './support.ts'

const MINUTE = 60_000
const PATH = manifestPath('1')

interface Moved extends Pair {
  readonly clock: FakeClock
  readonly first: StoredManifest
  /** Moves the tag, and lets a HEAD find that out once it is due. */
  move(): Promise<StoredManifest>
}

/** A tag that was pulled. */
async function startMoved(
  t: TestContext,
  config: NonNullable<Parameters<typeof startPair>[1]>['config'] = {},
): Promise<Moved> {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock, config })
  const image = hub.addImage('library/app', { tags: ['1'] })
  assertWhole(await cache.fetch(PATH), image.manifest)
  const move = async (): Promise<StoredManifest> => {
    clock.advance(6 * MINUTE)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    const head = await cache.fetch(PATH, { method: 'HEAD' })
    assert.equal(head.headers['docker-content-digest'], manifest.digest)
    return manifest
  }
  return { hub, cache, clock, first: image.manifest, move }
}

function assertStale(answer: Fetched, manifest: StoredManifest): void {
  assertWhole(answer, manifest)
  assert.equal(answer.headers['x-cache'], 'stale')
  assert.match(answer.headers['warning'] ?? '', /^299 /)
}

suite('a tag whose move only a HEAD has seen', () => {
  test('is served as it was while the upstream refuses, and as it is once that is over', async (t) => {
    const { hub, cache, clock, first, move } = await startMoved(t)
    const second = await move()
    for (const status of [429, 503]) {
      hub.faults.add({ when: { method: 'GET' }, fault: { status } })
      assertStale(await cache.fetch(PATH), first)
      hub.faults.clear()
      clock.advance(6 * MINUTE)
    }
    await hub.stop()
    for (let i = 0; i < 2; i++) {
      clock.advance(6 * MINUTE)
      assertStale(await cache.fetch(PATH), first)
    }
    await hub.start()
    clock.advance(6 * MINUTE)
    // The question that finds the upstream back goes on in the background.
    for (let i = 0; i < 2; i++) await cache.fetch(PATH)
    clock.advance(6 * MINUTE)
    const after = await cache.fetch(PATH)
    assertWhole(after, second)
    assert.notEqual(after.headers['x-cache'], 'stale')
  })

  test('is served as it was last pulled, however often it moved since', async (t) => {
    const { hub, cache, first, move } = await startMoved(t)
    for (let i = 0; i < 3; i++) await move()
    hub.faults.add({ when: { method: 'GET' }, fault: { status: 429 } })
    assertStale(await cache.fetch(PATH), first)
  })

  test('is served as it was without a wait while the upstream is silent', async (t) => {
    const { hub, cache, clock, first, move } = await startMoved(t)
    await move()
    clock.advance(6 * MINUTE)
    hub.freeze()
    const answer = await cache.fetch(PATH)
    assertStale(answer, first)
    assert.ok(answer.firstByteMs < 2000, `${answer.firstByteMs} ms`)
    hub.thaw()
  })

  test('is served as it is from the moment it was pulled', async (t) => {
    const { hub, cache, clock, move } = await startMoved(t)
    const second = await move()
    assertWhole(await cache.fetch(PATH), second)
    clock.advance(6 * MINUTE)
    await hub.stop()
    assertStale(await cache.fetch(PATH), second)
  })

  test('may be as old as stale_if_error since it was last confirmed, not since it was pulled', async (t) => {
    const { hub, cache, clock, first, move } = await startMoved(t, { cache: { stale_if_error: '10m' } })
    clock.advance(6 * MINUTE)
    assert.equal((await cache.fetch(PATH)).headers['x-cache'], 'revalidated')
    await move()
    await hub.stop()
    assertStale(await cache.fetch(PATH), first)
    clock.advance(6 * MINUTE)
    assert.equal((await cache.fetch(PATH)).status, 503)
  })
})

test('what the disk refuses is passed on as it is now, not as it was kept', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  const list = '/v2/library/app/tags/list'
  hub.addImage('library/app', { tags: ['1'] })
  hub.faults.add({ when: { kind: 'manifest' }, fault: { headers: { 'Docker-Content-Digest': null } } })
  for (const path of [PATH, list]) assert.equal((await cache.fetch(path)).status, 200)
  clock.advance(6 * MINUTE)
  const { manifest } = hub.addImage('library/app', { tags: ['1', '2'] })
  await cache.reload({ config: { storage: { min_free: '900TiB' } } })
  for (let i = 0; i < 2; i++) {
    const answer = await cache.fetch(PATH)
    assertWhole(answer, manifest)
    assert.equal(answer.headers['x-cache'], 'bypass')
    const tags = await cache.fetch(list)
    assert.deepEqual(JSON.parse(tags.body.toString()).tags, ['1', '2'])
    assert.equal(tags.headers['x-cache'], 'bypass')
  }
  await cache.reload({ config: { storage: { min_free: '0' } } })
  assertWhole(await cache.fetch(PATH), manifest)
  assertWhole(await cache.fetch(PATH), manifest)
})
