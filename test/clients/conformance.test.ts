import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Digest, digestOf, parseDigest } from '../../src/domain/digest.ts'
import { MIB } from '../../src/domain/units.ts'
import { jsonOf, verdict } from '../frontends/support.ts'
import { type Cachalot, startCachalot } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { type ConformanceWorld, testPullSide } from '../support/conformance.ts'
import { contentBytes, randomBytesFrom } from '../support/fake-content.ts'
import { createImages } from '../support/fake-images.ts'
import { createRepositories, fallbackTag, type Repositories } from '../support/fake-repositories.ts'
import { type Fetched, fetchAll } from '../support/http.ts'
import { addDataSets, addSpecialBlobs, type DataSet } from '../support/oci-data-sets.ts'
import type { BuiltJson } from '../support/oci-image.ts'
import { MEDIA } from '../support/oci-media.ts'
import { tempDir } from '../support/temp.ts'
import { type Content, createImage, HOST } from './images.ts'
import { missing } from './process.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { push, startRegistry } from './registry.ts'

const REPO = 'library/conformance'
const ACCEPT = [MEDIA.manifest, MEDIA.index, MEDIA.dockerManifest, MEDIA.dockerList].join(', ')

/** The data sets that docker-registry (2.8) does not take, and how it says so. */
const REFUSED = {
  // No client may be sent to these addresses unless the registry's owner allowed them.
  nondistributable: '500 UNKNOWN',
  // Every member of an index has to be there.
  sparse: '400 MANIFEST_BLOB_UNKNOWN',
  // It names what it stores by sha256 alone.
  sha512: '400 DIGEST_INVALID',
}

interface World extends ConformanceWorld {
  readonly cache: Cachalot
  readonly recorder: Recorder
  /** What the registry did not take. */
  readonly refused: Readonly<Record<string, string>>
  /** Two blobs that no round asks for. */
  readonly herd: Digest
  readonly outside: Digest
  /** GET below /v2/ of the registry itself, past the recorder, so that it answers to the end. */
  own(path: string): Promise<Fetched>
}

let world: World
/** Run from the last to the first. */
const cleanups: (() => Promise<void> | void)[] = []

async function openWorld(): Promise<World> {
  const t = { after: (fn: () => Promise<void> | void) => void cleanups.push(fn) }
  const registry = await startRegistry(await tempDir(t))
  t.after(async () => registry[Symbol.asyncDispose]())
  const recorder = await startRecorder(registry.url)
  t.after(() => recorder.stop())
  // Under a clock that stands still everything is within tag_ttl, however slow the machine.
  const cache = await startCachalot(t, { hub: recorder, clock: fakeClock() })
  const own = (path: string): Promise<Fetched> =>
    fetchAll(`${registry.url}/v2/${path}`, { headers: { accept: ACCEPT }, lint: false })
  return { cache, recorder, own, repository: REPO, ...(await fillRegistry(registry.url, own)) }
}

/** Pushes all the tests ask for, and gives it as the registry answers with it. */
async function fillRegistry(url: string, own: World['own']) {
  const content = createRepositories({ fallbackTags: true })
  const target = { ...content, ...createImages(content) }
  const special = addSpecialBlobs(target, REPO)
  const others = [2048, 8 * MIB, 4096].map((size) => target.addBlob(REPO, { seed: size, size }).digest)
  const [ranged = assert.fail(), herd = assert.fail(), outside = assert.fail()] = others
  const layers = [...special, ...others].map((digest) => ({ ...blobOf(content, digest), diffId: digest }))
  await push(url, `${REPO}:blobs`, createImage(layers))

  const sets: DataSet[] = []
  const refused: Record<string, string> = {}
  for (const set of addDataSets(target, REPO)) {
    const refusal = await pushSet(url, content, set)
    if (refusal === undefined) sets.push(await answered(set, own))
    else refused[set.name] = refusal
  }
  const { tags } = jsonOf<{ tags: string[] }>(await own(`${REPO}/tags/list`))
  const blob = (digest: Digest): Buffer => blobOf(content, digest).bytes
  return { sets, refused, tags: tags.toSorted(), special, ranged, herd, outside, blob }
}

function blobOf(content: Repositories, digest: Digest): Content {
  const bytes = contentBytes(content.blob(REPO, digest) ?? assert.fail(digest))
  return { mediaType: MEDIA.layerGzip, size: bytes.length, digest, bytes }
}

/** Pushes a data set with the tag that lists its referrers; "400 DIGEST_INVALID" when the registry refuses it. */
async function pushSet(url: string, content: Repositories, set: DataSet): Promise<string | undefined> {
  const blobs = [...new Set(set.blobs)].map((digest) => blobOf(content, digest))
  // Members come before the index that names them, and their blobs before all.
  const images = set.manifests
    .toReversed()
    .map((manifest, i) => ({ manifest, blobs: i === 0 ? blobs : [], platform: HOST }))
  try {
    await push(url, `${REPO}:${set.name}`, { manifest: set.manifest, images })
  } catch (error) {
    const [, status, code] = /: (\d{3}) \{"errors":\[\{"code":"([A-Z_]+)"/.exec(String(error)) ?? []
    if (status === undefined || code === undefined) throw error
    return `${status} ${code}`
  }
  const tag = fallbackTag(set.manifest.digest)
  const list = content.manifest(REPO, tag)
  if (list !== undefined) await push(url, `${REPO}:${tag}`, { manifest: list, images: [] })
  return undefined
}

/** The data set with every manifest as the registry answers with it, which has to be what was pushed. */
async function answered(set: DataSet, own: World['own']): Promise<DataSet> {
  const manifests = await Promise.all(set.manifests.map(({ digest }) => readManifest(own, digest)))
  assert.deepEqual(manifests, set.manifests)
  for (const digest of set.blobs) assert.equal(digestOf((await own(`${REPO}/blobs/${digest}`)).body), digest)
  return { ...set, manifests, manifest: await readManifest(own, set.name) }
}

async function readManifest(own: World['own'], reference: string): Promise<BuiltJson> {
  const { status, headers, body } = await own(`${REPO}/manifests/${reference}`)
  assert.equal(status, 200, reference)
  return {
    mediaType: headers['content-type'] ?? '',
    bytes: body,
    size: body.length,
    digest: parseDigest(String(headers['docker-content-digest'])) ?? assert.fail(reference),
  }
}

function runSuite(round: string): void {
  testPullSide(round, () => world)

  test(`what is unknown is so in the words of the registry itself (${round})`, async () => {
    const digest = digestOf(randomBytesFrom(1, 16))
    const paths = ['manifests/none', `manifests/${digest}`, `blobs/${digest}`].map(
      (path) => `${REPO}/${path}`,
    )
    for (const path of [...paths, 'library/none/tags/list']) {
      const { cache, own } = world
      assert.equal(verdict(await cache.fetch(`/v2/${path}`)), verdict(await own(path)), path)
    }
  })
}

/** Paths of all GETs below blobs/ or manifests/ that brought a body, one each time. */
function bodies(kind: 'blobs' | 'manifests'): string[] {
  return world.recorder.requests
    .filter(({ method, path, status }) => method === 'GET' && path.includes(`/${kind}/`) && status < 300)
    .map(({ path }) => path)
}

const suite = 'the pull side of the OCI conformance suite in front of docker-registry'

describe(suite, { skip: missing('docker-registry') }, () => {
  before(async () => {
    world = await openWorld()
  })
  after(async () => {
    for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) await cleanup()
  })

  test(`docker-registry takes every data set but ${Object.keys(REFUSED).join(', ')}`, () => {
    assert.deepEqual(world.refused, REFUSED)
    assert.equal(world.sets.length, 17)
  })

  runSuite('cold')
  let asked = 0
  test('every body has left the registry once', () => {
    for (const paths of [bodies('blobs'), bodies('manifests')]) {
      assert.ok(paths.length > 20, `only ${paths.length} bodies were recorded`)
      assert.deepEqual(paths.toSorted(), [...new Set(paths)].toSorted())
    }
    asked = world.recorder.requests.length
  })

  runSuite('warm')
  test('the warm round asked the registry for nothing', () => {
    assert.deepEqual(world.recorder.requests.slice(asked), [])
  })

  test('20 clients of one cold blob cost the registry one GET', async () => {
    const { cache, herd, recorder } = world
    const path = `/v2/${REPO}/blobs/${herd}`
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.fetch(path)))
    for (const { status, complete, body } of answers) {
      assert.deepEqual([status, complete, digestOf(body)], [200, true, herd])
    }
    const gets = recorder.requests.filter((request) => request.method === 'GET' && request.path === path)
    assert.deepEqual(
      gets.map(({ status, bytes }) => [status, bytes]),
      [[200, 8 * MIB]],
    )
  })

  // docker-registry itself breaks the connection here: its 416 has the Content-Length of the blob.
  test('a range outside of a cold blob is refused, and the blob then pulls whole', async () => {
    const { cache, outside } = world
    const path = `/v2/${REPO}/blobs/${outside}`
    const refused = await cache.fetch(path, { headers: { range: 'bytes=4096-' } })
    assert.equal(verdict(refused), '416 RANGE_INVALID')
    assert.equal(refused.headers['content-range'], 'bytes */4096')
    assert.ok((await cache.fetch(path)).body.equals(world.blob(outside)))
  })

  test('then the registry stops', () => world.recorder.stop())
  runSuite('with the upstream stopped')
  test('and nothing broke on the way', () => {
    assert.deepEqual(world.cache.log.find('error'), [])
  })
})
