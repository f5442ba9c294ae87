import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HOUR } from '../../src/domain/clock.ts'
import { addBlob, assertWhole, blobPath, eventually, MIB, manifestPath } from '../e2e/support.ts'
import type { Fetched } from '../support/http.ts'
import { as, from, type Guarded, HOME, kept, pullWith, startGuarded, statuses } from './access-support.ts'

type Options = NonNullable<Parameters<typeof startGuarded>[1]>

/** What strangers pull of this is not kept; the others' is. */
const RULE = [{ effect: 'deny', match: ['docker.io/**'], users: ['anonymous'], actions: ['store'] }]

const startSparing = (t: Parameters<typeof startGuarded>[0], options: Options = {}): Promise<Guarded> =>
  startGuarded(t, { auth: { anonymous_pull: 'all' }, rule: RULE, ...options })

const outcomes = (answers: readonly Fetched[]): readonly unknown[] => [
  ...new Set(answers.map(({ headers }) => headers['x-cache'])),
]

suite('what a rule forbids to keep', () => {
  test('is served, and nothing is left of it', async (t) => {
    const { ask, hub, cache } = await startSparing(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [3 * MIB, 4096, 700_000] })
    const index = hub.addIndex('library/app', { tags: ['many'] })
    hub.addReferrer('library/app', { subject: image.manifest.digest, artifactType: 'application/sbom' })
    const before = await kept(cache)
    for (let round = 0; round < 2; round++) {
      const answers = await pullWith(ask, image, { repo: 'app', tag: '1' })
      assert.deepEqual([statuses(answers), outcomes(answers)], [[200], ['bypass']])
      for (const [at, blob] of [image.config, ...image.layers].entries())
        assertWhole(answers[at + 2] ?? assert.fail(), blob)
      for (const path of [
        manifestPath('many'),
        manifestPath(index.manifest.digest),
        '/v2/app/tags/list',
        '/v2/app/tags/list?n=1',
        `/v2/app/referrers/${image.manifest.digest}`,
      ]) {
        const { status, headers } = await ask(path)
        assert.deepEqual([status, headers['x-cache']], [200, 'bypass'], path)
      }
      for (const path of [
        manifestPath('1'),
        manifestPath(image.manifest.digest),
        blobPath(image.config.digest),
      ]) {
        const { status, headers } = await ask(path, {}, 'HEAD')
        assert.equal(status, 200)
        assert.ok(headers['x-cache'] !== 'hit' && Number(headers['content-length']) > 0, path)
      }
      const [big] = image.layers
      const range = await ask(blobPath(big?.digest ?? assert.fail()), { range: 'bytes=1000000-1999999' })
      assert.deepEqual([range.status, range.body.length], [206, 1_000_000])
      assert.equal((await ask(manifestPath('none'))).status, 404)
    }
    await cache.restart()
    assert.equal(await kept(cache), before)
    assert.deepEqual(JSON.parse((await ask('/v2/_catalog')).body.toString()), { repositories: [] })
  })

  test('is served from here where others had it kept', async (t) => {
    const { ask, hub, cache } = await startSparing(t)
    const image = hub.addImage('library/app', { tags: ['1'] })
    await pullWith(ask, image, { repo: 'app', tag: '1', headers: as('bob') })
    const before = await kept(cache)
    hub.requests.clear()
    const answers = await pullWith(ask, image, { repo: 'app', tag: '1' })
    assert.deepEqual([statuses(answers), outcomes(answers)], [[200], ['hit']])
    assert.deepEqual(hub.requests.list(), [])
    assert.equal(await kept(cache), before)
  })

  test('is what the upstream has by now, where what is kept is old', async (t) => {
    const { ask, hub, cache, clock } = await startSparing(t)
    const old = hub.addImage('library/app', { tags: ['1'] })
    await pullWith(ask, old, { repo: 'app', tag: '1', headers: as('bob') })
    await ask('/v2/app/tags/list', as('bob'))
    const fresh = hub.addImage('library/app', { tags: ['1', '2'] })
    const before = await kept(cache)
    clock.advance(HOUR)
    for (const method of ['HEAD', 'GET']) {
      const { headers } = await ask(manifestPath('1'), {}, method)
      assert.equal(headers['docker-content-digest'], fresh.manifest.digest)
    }
    assert.deepEqual(JSON.parse((await ask('/v2/app/tags/list')).body.toString()).tags, ['1', '2'])
    assert.deepEqual(outcomes(await pullWith(ask, fresh, { repo: 'app', tag: '1' })), ['bypass'])
    assert.equal(await kept(cache), before)
    assert.equal(
      (await ask(manifestPath('1'), as('bob'))).headers['docker-content-digest'],
      fresh.manifest.digest,
    )
  })

  test('is stale from here while the upstream fails, as far as it is here', async (t) => {
    const { ask, hub, cache, clock } = await startSparing(t)
    const image = hub.addImage('library/app', { tags: ['1', '2'] })
    await pullWith(ask, image, { repo: 'app', tag: '1', headers: as('bob') })
    await ask('/v2/app/tags/list', as('bob'))
    clock.advance(HOUR)
    const before = await kept(cache)
    hub.faults.add({ fault: { status: 403 } })
    for (const method of ['GET', 'HEAD', 'GET']) {
      const answer = await ask(manifestPath('1'), {}, method)
      assert.deepEqual([answer.status, answer.headers['x-cache']], [200, 'stale'], method)
      assert.match(String(answer.headers.warning), /^299 - "served stale:/)
      assert.equal(answer.headers['docker-content-digest'], image.manifest.digest)
    }
    const tags = await ask('/v2/app/tags/list')
    assert.deepEqual([tags.status, tags.headers['x-cache']], [200, 'stale'])
    const below = await pullWith(ask, image, { repo: 'app', tag: '1' })
    assert.deepEqual(statuses(below), [200])
    assert.equal((await ask(manifestPath('2'))).status, 403)
    assert.equal(await kept(cache), before)
  })

  test('is asked for by its own name where it is here under another one, each time', async (t) => {
    const { ask, hub, cache } = await startSparing(t)
    const image = hub.addImage('library/app', { tags: ['1'] })
    hub.putImage('library/copy', image, ['1'])
    hub.addImage('library/other', { tags: ['1'] })
    await pullWith(ask, image, { repo: 'app', tag: '1', headers: as('bob') })
    const before = await kept(cache)
    for (let round = 1; round <= 2; round++) {
      hub.requests.clear()
      const answer = await ask(blobPath(image.config.digest, 'copy'))
      assert.deepEqual([answer.status, answer.headers['x-cache']], [200, 'revalidated'])
      assert.equal(hub.requests.count({ method: 'HEAD', repo: 'library/copy' }), 1)
      assert.equal(hub.requests.count({ method: 'GET' }), 0)
      assert.equal((await ask(blobPath(image.config.digest, 'other'))).status, 404)
    }
    assert.equal(await kept(cache), before)
  })
})

suite('a download of somebody else', () => {
  test('is joined, and goes on and is kept when who began it leaves', async (t) => {
    const { ask, hub, cache } = await startSparing(t)
    const blob = addBlob(hub, 4 * MIB)
    hub.bandwidth = 8 * MIB
    const owner = await cache.open(blobPath(blob.digest), { headers: as('bob') })
    await owner.read(1)
    const guest = await cache.open(blobPath(blob.digest), { headers: from(HOME) })
    assert.equal(guest.headers['x-cache'], 'joined')
    owner.destroy()
    assert.deepEqual(await guest.rest(), { complete: true, bytes: blob.size, digest: blob.digest })
    assert.equal(hub.requests.count({ method: 'GET', ref: blob.digest }), 1)
    await eventually(
      'it is kept',
      async () => (await ask(blobPath(blob.digest), as('bob'))).headers['x-cache'] === 'hit',
    )
  })

  test('that comes later is kept, whatever passes by at the time', async (t) => {
    const { ask, hub, cache } = await startSparing(t)
    const blob = addBlob(hub, 2 * MIB)
    const passing = await cache.open(blobPath(blob.digest), { headers: from(HOME) })
    assert.equal(passing.headers['x-cache'], 'bypass')
    assert.equal((await ask(blobPath(blob.digest), as('bob'))).headers['x-cache'], 'miss')
    assert.deepEqual((await passing.rest()).digest, blob.digest)
    await eventually(
      'it is kept',
      async () => (await ask(blobPath(blob.digest))).headers['x-cache'] === 'hit',
    )
  })

  test('that fails under its own name is not kept under another', async (t) => {
    const rule = [{ effect: 'deny', match: ['docker.io/library/copy'], actions: ['store'] }]
    const { ask, hub, cache } = await startSparing(t, { rule })
    const blob = addBlob(hub, 2 * MIB)
    hub.putBlob('library/copy', blob.digest, blob.content)
    const before = await kept(cache)
    hub.faults.add({ when: { repo: 'library/app', method: 'GET' }, fault: { status: 404 } })
    hub.freeze()
    const owner = ask(blobPath(blob.digest), as('bob'))
    await hub.requests.waitFor(({ repo, method }) => repo === 'library/app' && method === 'GET')
    const guest = ask(blobPath(blob.digest, 'copy'))
    await hub.requests.waitFor(({ repo, method }) => repo === 'library/copy' && method === 'HEAD')
    hub.thaw()
    assert.equal((await owner).status, 404)
    assertWhole(await guest, blob)
    assert.equal(await kept(cache), before)
  })
})
