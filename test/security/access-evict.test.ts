import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SECOND } from '../../src/domain/clock.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  blobPath,
  blobRows,
  eventually,
  MIB,
  manifestPath,
} from '../e2e/support.ts'
import { apiOf } from '../jobs/support.ts'
import type { Fetched } from '../support/http.ts'
import { buildLayer } from '../support/oci-image.ts'
import { HUB_SPELLINGS, hostOf, useUpstreams } from './access-spellings.ts'
import {
  addKey,
  as,
  auditOf,
  codeOf,
  errorIn,
  from,
  type Guarded,
  HOME,
  kept,
  pullWith,
  STRANGER,
  startGuarded,
} from './access-support.ts'

/** What operators do. */
suite('evicting', () => {
  const remove = ({ ask }: Guarded, path: string): Promise<Fetched> => ask(path, as('carol'), 'DELETE')

  async function startFull(t: Parameters<typeof startGuarded>[0]) {
    const scene = await startGuarded(t)
    const image = scene.hub.addImage('library/app', { tags: ['1', 'same'] })
    const pull = (reference = '1') =>
      pullWith(scene.ask, image, { repo: 'app', tag: reference, headers: as('bob') })
    await pull()
    await pull('same')
    return { ...scene, image, pull }
  }

  const outcomes = (answers: readonly Fetched[]) => answers.map(({ headers }) => headers['x-cache'])

  for (const by of ['tag', 'digest'] as const) {
    test(`an image by its ${by === 'tag' ? 'last tag' : by} takes all of it, and the next pull fetches it anew`, async (t) => {
      const scene = await startFull(t)
      const { hub, cache, clock, image, pull } = scene
      clock.advance(SECOND)
      assert.deepEqual([...new Set(outcomes(await pull()))], ['hit'])
      if (by === 'tag') assert.equal((await remove(scene, manifestPath('same'))).status, 202)
      const answer = await remove(scene, manifestPath(by === 'tag' ? '1' : image.manifest.digest))
      assert.deepEqual([answer.status, answer.body.length], [202, 0])
      assert.deepEqual(blobRows(cache.dataDir), new Map())
      assert.equal(codeOf(await remove(scene, manifestPath('1'))), '404 MANIFEST_UNKNOWN')
      assert.equal(codeOf(await remove(scene, manifestPath('same'))), '404 MANIFEST_UNKNOWN')
      hub.requests.clear()
      const answers = await pull()
      assert.deepEqual(outcomes(answers), [
        'miss',
        'hit',
        ...Array.from({ length: answers.length - 2 }, () => 'miss'),
      ])
      for (const { digest } of [image.config, ...image.layers])
        assert.equal(hub.requests.count({ method: 'GET', ref: digest }), 1)
      await assertStoreSound(cache.dataDir)
    })
  }

  test('one of two tags leaves the other, also while the upstream is away', async (t) => {
    const scene = await startFull(t)
    const { hub, cache, pull } = scene
    const rows = blobRows(cache.dataDir)
    assert.equal((await remove(scene, manifestPath('1'))).status, 202)
    assert.equal(codeOf(await remove(scene, manifestPath('1'))), '404 MANIFEST_UNKNOWN')
    assert.deepEqual(blobRows(cache.dataDir), rows)
    await hub.stop()
    assert.deepEqual([...new Set(outcomes(await pull('same')))], ['hit'])
    await assertStoreSound(cache.dataDir)
  })

  test('works in every spelling, and only on what is meant', async (t) => {
    const scene = await startGuarded(t)
    const { ask, hub, cache } = scene
    await useUpstreams(scene)
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    hub.addImage('org/app', { tags: ['1'], layers: 0 })
    await ask('/v2/ghcr/org/app/manifests/1', as('bob'))
    for (const spelling of HUB_SPELLINGS) {
      await ask(manifestPath('1'), as('bob'))
      const headers = { ...as('carol'), ...hostOf(spelling) }
      assert.equal(
        (await ask(spelling.path('manifests/1'), headers, 'DELETE')).status,
        202,
        spelling.path(''),
      )
      assert.equal(codeOf(await ask(spelling.path('manifests/1'), headers, 'DELETE')), '404 MANIFEST_UNKNOWN')
    }
    assert.equal((await ask('/v2/ghcr/org/app/manifests/1', as('bob'))).headers['x-cache'], 'hit')
    await assertStoreSound(cache.dataDir)
  })

  test('a blob takes that one, at once, and the next pull fetches it anew', async (t) => {
    const scene = await startFull(t)
    const { ask, hub, cache, clock, image } = scene
    for (const { digest } of [image.config, ...image.layers]) {
      clock.advance(SECOND)
      assert.equal((await ask(blobPath(digest), as('bob'))).headers['x-cache'], 'hit')
      assert.equal((await remove(scene, blobPath(digest))).status, 202)
      assert.equal(blobRows(cache.dataDir).has(digest), false)
      assert.equal(codeOf(await remove(scene, blobPath(digest))), '404 BLOB_UNKNOWN')
      hub.requests.clear()
      const again = await ask(blobPath(digest), as('bob'))
      assert.deepEqual([again.status, again.headers['x-cache']], [200, 'miss'])
      assert.equal(hub.requests.count({ method: 'GET', ref: digest }), 1)
    }
    await assertStoreSound(cache.dataDir)
  })

  test('a blob that another repository has too leaves it that one, and is not given away for it', async (t) => {
    const scene = await startFull(t)
    const { ask, hub, image } = scene
    hub.putImage('library/copy', image, ['1'])
    const { digest } = image.config
    await ask(blobPath(digest, 'copy'), as('bob'))
    assert.equal((await remove(scene, blobPath(digest))).status, 202)
    assert.equal((await ask(blobPath(digest, 'copy'), as('bob'))).headers['x-cache'], 'hit')
    hub.requests.clear()
    hub.remove('library/app', digest)
    assert.equal((await ask(blobPath(digest), as('bob'))).status, 404)
    assert.ok(hub.requests.count({ method: 'HEAD', repo: 'library/app', ref: digest }) === 1)
  })

  test('a tag of which only a HEAD was asked', async (t) => {
    const scene = await startGuarded(t)
    const { ask, hub, cache } = scene
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    await ask(manifestPath('1'), as('bob'), 'HEAD')
    assert.equal((await ask(manifestPath('1'), as('bob'), 'HEAD')).headers['x-cache'], 'hit')
    assert.equal((await remove(scene, manifestPath('1'))).status, 202)
    assert.equal((await ask(manifestPath('1'), as('bob'), 'HEAD')).headers['x-cache'], 'miss')
    await assertStoreSound(cache.dataDir)
  })

  test('a child of an index, then the index', async (t) => {
    const scene = await startGuarded(t)
    const { ask, hub, cache } = scene
    const { manifest, images } = hub.addIndex('library/app', { tags: ['1'] })
    await ask(manifestPath('1'), as('bob'))
    for (const image of images)
      await pullWith(ask, image, { repo: 'app', tag: image.manifest.digest, headers: as('bob') })
    const [first, second] = images
    assert.ok(first && second)
    hub.requests.clear()
    assert.equal((await remove(scene, manifestPath(first.manifest.digest))).status, 202)
    // The index still holds its bytes; its name leads to them once the upstream has been asked.
    assert.equal(
      (await ask(manifestPath(first.manifest.digest), as('bob'))).headers['x-cache'],
      'revalidated',
    )
    assert.equal(hub.requests.count({ ref: first.manifest.digest }), 1)
    assert.equal((await remove(scene, manifestPath(first.manifest.digest))).status, 202)
    hub.remove('library/app', first.manifest.digest)
    assert.equal((await ask(manifestPath(first.manifest.digest), as('bob'))).status, 404)
    for (const reference of ['1', second.manifest.digest])
      assert.equal((await ask(manifestPath(reference), as('bob'))).headers['x-cache'], 'hit')
    assert.equal((await remove(scene, manifestPath(manifest.digest))).status, 202)
    assert.deepEqual(blobRows(cache.dataDir), new Map())
    await assertStoreSound(cache.dataDir)
  })

  test('leaves what is pinned, and says so', async (t) => {
    const scene = await startFull(t)
    const { cache, image } = scene
    await apiOf(cache).put('/pins', { match: ['docker.io/library/app:1'] })
    const before = await kept(cache)
    for (const path of [
      manifestPath('1'),
      manifestPath(image.manifest.digest),
      blobPath(image.config.digest),
    ]) {
      const answer = await remove(scene, path)
      assert.equal(codeOf(answer), '403 DENIED')
      assert.match(errorIn(answer).message, /pinned/)
    }
    assert.equal(await kept(cache), before)
  })

  test('what is being read breaks nobody’s pull', async (t) => {
    const scene = await startGuarded(t)
    const { ask, hub, cache } = scene
    const layer = buildLayer(8 * MIB)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [layer] })
    await pullWith(ask, image, { repo: 'app', tag: '1', headers: as('bob') })
    // A client has its last byte a moment before it has landed.
    await assertNoParts(cache.dataDir)
    for (const path of [blobPath(layer.digest), manifestPath('1')]) {
      const reader = await cache.open(blobPath(layer.digest), { headers: as('bob') })
      await reader.read(1000)
      const { status } = await remove(scene, path)
      assert.ok([202, 403].includes(status), `${path} ${status}`)
      const { complete, digest } = await reader.rest()
      assert.deepEqual([complete, digest], [true, layer.digest])
      assert.equal((await ask(blobPath(layer.digest), as('bob'))).status, 200)
    }
    await eventually('nobody reads it', async () => (await remove(scene, manifestPath('1'))).status === 202)
    await assertStoreSound(cache.dataDir)
  })

  test('what is on its way in does not stop it', async (t) => {
    const scene = await startGuarded(t)
    const { ask, hub, cache } = scene
    const blob = addBlob(hub, 4 * MIB)
    hub.bandwidth = 8 * MIB
    const reader = await cache.open(blobPath(blob.digest), { headers: as('bob') })
    await reader.read(1000)
    assert.equal(codeOf(await remove(scene, blobPath(blob.digest))), '404 BLOB_UNKNOWN')
    assert.equal((await reader.rest()).complete, true)
    await eventually(
      'it landed',
      async () => (await ask(blobPath(blob.digest), as('bob'))).headers['x-cache'] === 'hit',
    )
  })

  test('is written down, with who it was and how it ended', async (t) => {
    const scene = await startFull(t)
    const { ask, cache, clock } = scene
    const key = await addKey(cache, 'nas')
    const skip = auditOf(cache).length
    await ask(manifestPath('1'), {}, 'DELETE')
    await ask(manifestPath('1'), as('bob'), 'DELETE')
    await ask(manifestPath('1'), as('carol', 'wrong'), 'DELETE')
    await ask(`/k/${key}${manifestPath('1')}`, {}, 'DELETE')
    await ask(manifestPath('none'), { ...as('carol'), ...from(HOME) }, 'DELETE')
    await ask(manifestPath('1'), { ...as('carol'), ...from(HOME) }, 'DELETE')
    await ask(blobPath(buildLayer(1000).digest), as('alice'), 'DELETE')
    const rows = auditOf(cache).slice(skip)
    assert.ok(rows.every(({ at }) => at === clock()))
    const said = rows.map(({ who, address, action, outcome }) => `${who} ${address} ${action} ${outcome}`)
    assert.deepEqual(said, [
      `bob ${STRANGER} evict refused`,
      `carol ${STRANGER} login refused`,
      `key:nas ${STRANGER} evict refused`,
      `carol ${HOME} login ok`,
      `carol ${HOME} evict refused`,
      `carol ${HOME} evict ok`,
      `alice ${STRANGER} login ok`,
      `alice ${STRANGER} evict refused`,
    ])
    const done = rows.filter(({ outcome, action }) => outcome === 'ok' && action === 'evict')
    assert.deepEqual(
      done.map(({ target }) => target),
      ['docker.io/library/app:1'],
    )
  })

  test('that is refused is written down with what it was about', async (t) => {
    const { ask, cache } = await startFull(t)
    await ask(manifestPath('1'), as('bob'), 'DELETE')
    assert.match(auditOf(cache).at(-1)?.target ?? '', /app/)
  })
})
