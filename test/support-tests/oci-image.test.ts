import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { algorithmOf, digestOf } from '../../src/domain/digest.ts'
import { MIB } from '../../src/domain/units.ts'
import { contentBytes, contentDigest } from '../support/fake-content.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { addDataSets, addSpecialBlobs } from '../support/oci-data-sets.ts'
import { buildArtifact, buildImage, buildIndex, buildLayer, EMPTY_JSON } from '../support/oci-image.ts'
import { descriptorOf, MEDIA, parsePlatform } from '../support/oci-media.ts'
import { tempDir } from '../support/temp.ts'

const parse = (bytes: Buffer) => JSON.parse(bytes.toString()) as Record<string, unknown>

void describe('a built image', () => {
  void it('hangs together: manifest, config, layers, diff ids', () => {
    const image = buildImage({ layers: [100, 5000], platform: 'linux/arm64/v8' })
    assert.deepEqual(parse(image.manifest.bytes), {
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: descriptorOf(image.config),
      layers: image.layers.map((layer) => descriptorOf(layer)),
    })
    assert.equal(digestOf(image.manifest.bytes), image.manifest.digest)
    assert.equal(digestOf(image.config.bytes), image.config.digest)
    assert.deepEqual(
      image.layers.map((layer) => layer.size),
      [100, 5000],
    )
    for (const layer of image.layers) assert.equal(contentDigest(layer.content), layer.digest)
    const config = parse(image.config.bytes)
    assert.deepEqual([config.os, config.architecture, config.variant], ['linux', 'arm64', 'v8'])
    assert.deepEqual(config.rootfs, { type: 'layers', diff_ids: image.layers.map((layer) => layer.diffId) })
  })

  void it('is another one each time, in Docker’s types when asked', () => {
    assert.notEqual(buildImage().manifest.digest, buildImage().manifest.digest)
    const docker = buildImage({ format: 'docker', layers: 1 })
    assert.equal(docker.manifest.mediaType, MEDIA.dockerManifest)
    assert.equal(docker.config.mediaType, MEDIA.dockerConfig)
    assert.equal(docker.layers[0]?.mediaType, MEDIA.dockerLayer)
  })

  void it('has layers that tar unpacks when asked', async (t) => {
    const dir = await tempDir(t)
    for (const kind of ['tar', 'tar+gzip'] as const) {
      const layer = buildLayer(5000, kind)
      const bytes = contentBytes(layer.content)
      assert.equal(digestOf(bytes), layer.digest)
      const archive = kind === 'tar' ? bytes : gunzipSync(bytes)
      assert.equal(digestOf(archive), layer.diffId)
      await writeFile(join(dir, 'layer.tar'), archive)
      const [name = ''] = execFileSync('tar', ['-xvf', 'layer.tar'], { cwd: dir })
        .toString()
        .trim()
        .split('\n')
      assert.equal((await readFile(join(dir, name))).length, 5000)
    }
  })

  void it('may be an artifact, an index, sha512', () => {
    const artifact = buildArtifact({ artifactType: 'x/y', subject: EMPTY_JSON, annotations: { a: 'b' } })
    const json = parse(artifact.manifest.bytes)
    assert.deepEqual(
      [json.artifactType, json.subject, json.annotations],
      ['x/y', descriptorOf(EMPTY_JSON), { a: 'b' }],
    )
    assert.deepEqual(json.layers, [descriptorOf(EMPTY_JSON)])
    const index = buildIndex([artifact.manifest].map(descriptorOf), { algorithm: 'sha512', format: 'docker' })
    assert.equal(index.mediaType, MEDIA.dockerList)
    assert.equal(digestOf(index.bytes, 'sha512'), index.digest)
    assert.deepEqual(parsePlatform('linux/arm/v7'), { os: 'linux', architecture: 'arm', variant: 'v7' })
  })
})

void describe('a stored image', () => {
  void it('can be pulled whole, platform by platform', async (t) => {
    const hub = await startFakeUpstream()
    t.after(() => hub.close())
    const index = hub.addIndex('org/app', { tags: ['1', 'latest'], image: { layers: 1 }, format: 'docker' })
    const got = await fetchAll(`${hub.url}/v2/org/app/manifests/latest`)
    assert.deepEqual(got.body, index.manifest.bytes)
    const members = parse(got.body).manifests as { digest: string; platform: object }[]
    assert.deepEqual(members[1]?.platform, { os: 'linux', architecture: 'arm64', variant: 'v8' })
    for (const [i, image] of index.images.entries()) {
      assert.equal(image.manifest.mediaType, MEDIA.dockerManifest)
      const manifest = await fetchAll(`${hub.url}/v2/org/app/manifests/${members[i]?.digest}`)
      assert.deepEqual(manifest.body, image.manifest.bytes)
      for (const { digest } of [image.config, ...image.layers]) {
        assert.equal((await fetchAll(`${hub.url}/v2/org/app/blobs/${digest}`)).status, 200)
      }
    }
  })
})

void describe('the data sets of the conformance suite', () => {
  void it('all stand in the repository, whole but for what they say is missing', async (t) => {
    const hub = await startFakeUpstream()
    t.after(() => hub.close())
    const sets = addDataSets(hub, 'conf/one')
    assert.ok(sets.length >= 18)
    const status = async (path: string) => (await fetchAll(`${hub.url}/v2/conf/one/${path}`)).status
    for (const set of sets) {
      const tagged = await fetchAll(`${hub.url}/v2/conf/one/manifests/${set.name}`)
      assert.deepEqual(tagged.body, set.manifest.bytes, set.name)
      assert.equal(tagged.headers['content-type'], set.manifest.mediaType)
      for (const manifest of set.manifests) {
        assert.equal(await status(`manifests/${manifest.digest}`), 200, set.name)
      }
      for (const digest of set.blobs) assert.equal(await status(`blobs/${digest}`), 200, set.name)
      for (const digest of set.missing) assert.equal(await status(`manifests/${digest}`), 404, set.name)
      const referrers = await fetchAll(`${hub.url}/v2/conf/one/referrers/${set.manifest.digest}`)
      const found = parse(referrers.body).manifests as { digest: string }[]
      assert.deepEqual(
        found.map((f) => f.digest),
        set.referrers.map((r) => r.digest),
        set.name,
      )
    }
  })

  void it('hold the odd ones', async (t) => {
    const hub = await startFakeUpstream()
    t.after(() => hub.close())
    const sets = new Map(addDataSets(hub, 'a').map((set) => [set.name, set]))
    const size = sets.get('large-manifest')?.manifest.size ?? 0
    assert.ok(size > 3.8e6 && size < 4 * MIB, `${size}`)
    assert.equal(algorithmOf(sets.get('sha512')?.manifest.digest ?? 'sha256:'), 'sha512')
    assert.equal(sets.get('image-with-referrers')?.referrers.length, 3)
    assert.equal(sets.get('no-layers')?.blobs.length, 1)
    const [empty, braces] = addSpecialBlobs(hub, 'a')
    const none = await fetchAll(`${hub.url}/v2/a/blobs/${empty}`)
    assert.deepEqual([none.status, none.headers['content-length'], none.body.length], [200, '0', 0])
    const ranged = await fetchAll(`${hub.url}/v2/a/blobs/${empty}`, { headers: { range: 'bytes=0-' } })
    assert.equal(ranged.status, 416)
    assert.equal((await fetchAll(`${hub.url}/v2/a/blobs/${braces}`)).body.toString(), '{}')
  })
})
