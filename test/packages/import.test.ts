import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { digestOf } from '../../src/domain/digest.ts'
import { assertStoreSound, manifestPath, parts } from '../e2e/support.ts'
import { apiOf, du, pullImage } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { tarArchive } from '../support/tar-layer.ts'
import { assertServed, bring, exportOf, give, startSite, tarOf } from './support.ts'

suite('an archive of ours', () => {
  test('feeds a cache that has no network: same digests, and the ledger agrees with the disk', async (t) => {
    const { hub, cache } = await startPair(t)
    const site = await startSite(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [5_000_000, 100] })
    const { body } = await exportOf(cache, 'app:1')
    const { images } = await bring(site, body)
    assert.deepEqual(
      images.map(({ name, digest, blobs, before, manifest }) => [name, digest, blobs, before, manifest]),
      [['docker.io/library/app:1', image.manifest.digest, 4, 0, 'archive']],
    )
    await assertServed(site, image)
    await assertStoreSound(site.dataDir)
    const { disk } = await apiOf(site).get('/stats', {})
    assert.equal(disk.used, await du(site.dataDir))
    assert.equal(disk.reserved, 0)
    assert.deepEqual(await parts(site.dataDir), [])
    // Made again there, it is the same archive.
    assert.equal(digestOf((await exportOf(site, 'app:1')).body), digestOf(body))
    const again = await bring(site, body)
    assert.equal(again.images[0]?.before, 4)
    assert.equal((await apiOf(site).get('/stats', {})).disk.used, await du(site.dataDir))
  })

  for (const [name, pack] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)
    test(`may be packed by ${name}`, async (t) => {
      const { hub, cache } = await startPair(t)
      const site = await startSite(t)
      const image = hub.addImage('library/app', { tags: ['1'] })
      const { body } = await exportOf(cache, 'app:1')
      await bring(site, pack(body))
      await assertServed(site, image)
    })

  test('of one platform keeps the digest of its index', async (t) => {
    const { hub, cache } = await startPair(t)
    const site = await startSite(t)
    const { manifest, images } = hub.addIndex('library/multi', { tags: ['1'] })
    const [, arm] = images
    const { body } = await give(cache, '/export?name=multi:1&platform=linux/arm64')
    const report = await bring(site, body)
    assert.deepEqual(report.images[0]?.platforms, ['linux/arm64/v8'])
    const index = await site.fetch(manifestPath('1', 'library/multi'))
    assert.equal(index.headers['docker-content-digest'], manifest.digest)
    assert.ok(arm)
    await assertServed(site, arm, 'library/multi', arm.manifest.digest)
  })

  test('of all platforms, and of several images', async (t) => {
    const { hub, cache } = await startPair(t)
    const site = await startSite(t)
    const { images } = hub.addIndex('library/multi', { tags: ['1'] })
    const app = hub.addImage('library/app', { tags: ['1'] })
    const { body } = await give(cache, '/export?name=multi:1&name=app:1&platform=all')
    await bring(site, body)
    for (const image of images) await assertServed(site, image, 'library/multi', image.manifest.digest)
    await assertServed(site, app)
    const asked = `library/multi@${images[0]?.manifest.digest ?? ''}`
    await bring(site, (await exportOf(cache, asked)).body)
  })

  test('named by digest brings the digest and no tag', async (t) => {
    const { hub, cache } = await startPair(t)
    const site = await startSite(t)
    const image = hub.addImage('library/app', { tags: ['1'] })
    const { body } = await exportOf(cache, `app@${image.manifest.digest}`)
    const { images } = await bring(site, body)
    assert.equal(images[0]?.name, `docker.io/library/app@${image.manifest.digest}`)
    await assertServed(site, image, 'library/app', image.manifest.digest)
    assert.notEqual((await site.fetch(manifestPath('1'))).status, 200)
  })

  test('by SHA-512 keeps these digests', async (t) => {
    const { hub, cache } = await startPair(t)
    const site = await startSite(t)
    const image = hub.addImage('library/app', { tags: ['1'], algorithm: 'sha512' })
    const { body } = await exportOf(cache, `app@${image.manifest.digest}`)
    await bring(site, body)
    const answer = await site.fetch(manifestPath(image.manifest.digest))
    assert.deepEqual([answer.status, answer.body], [200, image.manifest.bytes])
  })
})

suite('what was imported', () => {
  test('is served while its upstream cannot be reached, as if that had confirmed it then', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1'] })
    const { body } = await exportOf(cache, 'app:1')
    const site = await startSite(t, { clock, config: { cache: { tag_ttl: '5m', stale_if_error: '30d' } } })
    await bring(site, body)
    assert.equal((await site.fetch(manifestPath('1'))).headers['x-cache'], 'hit')
    clock.advance(20 * 24 * 3600_000)
    const stale = await site.fetch(manifestPath('1'))
    assert.deepEqual([stale.status, stale.headers['x-cache']], [200, 'stale'])
    clock.advance(20 * 24 * 3600_000)
    assert.notEqual((await site.fetch(manifestPath('1'))).status, 200)
    await assertServed(site, image, 'library/app', image.manifest.digest)
    await bring(site, body)
    assert.equal((await site.fetch(manifestPath('1'))).headers['x-cache'], 'hit')
  })

  test('is not taken for deleted where the upstream never had it, and gives way to what that sends', async (t) => {
    const clock = fakeClock()
    const first = await startPair(t)
    const image = first.hub.addImage('library/app', { tags: ['1'] })
    const { body } = await exportOf(first.cache, 'app:1')
    const { hub, cache } = await startPair(t, { clock })
    hub.addImage('library/app', { tags: ['other'] })
    await cache.reload({
      upstreams: [{ name: 'docker.io', url: hub.url, default: true, when_deleted: 'follow' }],
    })
    await bring(cache, body)
    clock.advance(3600_000)
    const kept = await cache.fetch(manifestPath('1'))
    assert.deepEqual([kept.status, kept.headers['x-cache']], [200, 'stale'])
    assert.equal(
      kept.rawHeaders.some((name) => name.startsWith(':')),
      false,
    )
    const newer = hub.addImage('library/app', { tags: ['1'] })
    clock.advance(3600_000)
    await pullImage(cache, newer, { repo: 'library/app', tag: '1' })
    await assertServed(cache, newer)
    hub.untag('library/app', '1')
    clock.advance(3600_000)
    assert.equal((await cache.fetch(manifestPath('1'))).status, 404)
    assert.equal((await cache.fetch(manifestPath(image.manifest.digest))).status, 200)
  })
})

/** An archive as docker save wrote it before Docker 25: layers unpacked, equal ones as links. */
function oldArchive(names: readonly string[] | null, pack: (tar: Buffer) => Buffer = (tar) => tar) {
  const layers = ['one', 'two'].map((text) => tarArchive([{ path: text, bytes: Buffer.from(text) }]))
  const diffs = [...layers, ...layers.slice(0, 1)].map((layer) => digestOf(layer))
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffs } }),
  )
  const hex = digestOf(config).slice(7)
  const listed = [
    { Config: `${hex}.json`, RepoTags: names, Layers: ['a/layer.tar', 'b/layer.tar', 'c/layer.tar'] },
  ]
  const archive = tarOf([
    { path: 'a/', type: 'Directory' },
    { path: 'a/VERSION', bytes: '1.0' },
    ...layers.map((layer, at) => ({ path: `${'ab'[at]}/layer.tar`, bytes: pack(layer) })),
    { path: 'c/layer.tar', type: 'SymbolicLink', linkpath: '../a/layer.tar' },
    { path: `${hex}.json`, bytes: config },
    { path: 'manifest.json', bytes: JSON.stringify(listed) },
    { path: 'repositories', bytes: '{}' },
  ])
  return { archive, config, layers }
}

suite('an archive of docker save before Docker 25', () => {
  test('gets a manifest, the same each time, and clients get what it held', async (t) => {
    const site = await startSite(t)
    const { archive, config, layers } = oldArchive(['app:1', 'ghcr.io/org/app:2'])
    await assert.rejects(bring(site, archive), /no upstream ghcr\.io/)
    const { images } = await bring(site, oldArchive(['app:1']).archive)
    const again = await bring(site, oldArchive(['app:2']).archive)
    assert.deepEqual(
      images.map(({ name, manifest, platforms }) => [name, manifest, platforms]),
      [['docker.io/library/app:1', 'made', ['linux/amd64']]],
    )
    assert.equal(again.images[0]?.digest, images[0]?.digest)
    const answer = await site.fetch(manifestPath('1'))
    const manifest = JSON.parse(answer.body.toString()) as {
      config: { digest: string }
      layers: readonly { digest: string; mediaType: string; size: number }[]
    }
    assert.equal(answer.headers['content-type'], 'application/vnd.oci.image.manifest.v1+json')
    assert.equal(manifest.config.digest, digestOf(config))
    assert.deepEqual(
      manifest.layers.map(({ digest }) => digest),
      [layers[0], layers[1], layers[0]].map((layer) => digestOf(layer ?? Buffer.alloc(0))),
    )
    assert.equal(manifest.layers[0]?.mediaType, 'application/vnd.oci.image.layer.v1.tar')
    for (const { digest } of manifest.layers)
      assert.equal((await site.fetch(`/v2/library/app/blobs/${digest}`)).status, 200)
  })

  for (const [name, pack] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)
    test(`may hold layers that are packed by ${name}`, async (t) => {
      const site = await startSite(t)
      const { archive } = oldArchive(['app:1'], (tar) => pack(tar))
      await bring(site, archive)
      const answer = await site.fetch(manifestPath('1'))
      assert.ok(answer.body.includes(`layer.v1.tar+${name}`))
    })

  test('without a name takes one', async (t) => {
    const site = await startSite(t)
    const { archive } = oldArchive(null)
    await assert.rejects(bring(site, archive), /--as NAME/)
    const { images } = await bring(site, archive, { as: 'org/app:3' })
    assert.equal(images[0]?.name, 'docker.io/org/app:3')
  })
})

suite('names', () => {
  const namesOf = async (site: Cachalot, names: readonly string[], ask = {}) =>
    (await bring(site, oldArchive(names).archive, ask)).images.map(({ name }) => name)

  test('belong to the upstreams of this cache', async (t) => {
    const { hub, cache } = await startPair(t)
    await cache.reload({
      upstreams: [
        { name: 'docker.io', url: hub.url, aliases: ['hub'] },
        { name: 'ghcr.io', url: hub.url, default: true },
        { name: 'corp', url: hub.url },
      ],
    })
    assert.deepEqual(await namesOf(cache, ['nginx']), ['docker.io/library/nginx:latest'])
    assert.deepEqual(await namesOf(cache, ['org/app:1', 'hub/a/b:2']), [
      'docker.io/org/app:1',
      'docker.io/a/b:2',
    ])
    assert.deepEqual(await namesOf(cache, ['ghcr.io/org/app:1', 'corp/x:3']), [
      'ghcr.io/org/app:1',
      'corp/x:3',
    ])
    await assert.rejects(namesOf(cache, ['localhost/app:1']), /no upstream localhost.*--upstream.*corp/)
    await assert.rejects(namesOf(cache, ['localhost:5000/app:1']), /no upstream localhost:5000/)
    const below = { upstream: 'corp' }
    assert.deepEqual(await namesOf(cache, ['localhost:5000/a/app:1', 'nginx:1'], below), [
      'corp/a/app:1',
      'corp/nginx:1',
    ])
    await assert.rejects(namesOf(cache, ['app:1'], { upstream: 'quay.io' }), /no upstream quay\.io/)
    assert.deepEqual(await namesOf(cache, ['app:7'], { as: 'ghcr.io/org/new' }), ['ghcr.io/org/new:7'])
    for (const bad of ['docker.io/UPPER/case:1', 'docker.io/a/../b:1', 'app:bad tag', 'app@sha256:short'])
      await assert.rejects(namesOf(cache, [bad]), /is no name of an image/, bad)
    await assert.rejects(
      namesOf(cache, [`app@sha256:${'a'.repeat(64)}`]),
      /another image than the archive holds/,
    )
  })

  test('--as is for one image', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/a', { tags: ['1'] })
    hub.addImage('library/b', { tags: ['1'] })
    const { body } = await exportOf(cache, 'a:1', 'b:1')
    await assert.rejects(bring(cache, body, { as: 'c' }), /2 images/)
  })
})
