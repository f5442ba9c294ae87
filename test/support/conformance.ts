import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Digest, digestOf } from '../../src/domain/digest.ts'
import { errorOf, jsonOf, verdict } from '../frontends/support.ts'
import type { Cachalot } from './cachalot.ts'
import type { DataSet } from './oci-data-sets.ts'
import type { BuiltJson } from './oci-image.ts'
import { type Descriptor, MEDIA } from './oci-media.ts'

/** What the read-only cases of the OCI conformance suite are run on: a cache, and what its upstream answers. */
export interface ConformanceWorld {
  readonly cache: Pick<Cachalot, 'fetch'>
  readonly repository: string
  /** Media type, digest and bytes are what the upstream itself answers with. */
  readonly sets: readonly DataSet[]
  /** Every tag of the repository, in the order of the upstream. */
  readonly tags: readonly string[]
  /** Blobs that the suite treats apart. */
  readonly special: readonly Digest[]
  /** A blob of 2048 bytes. */
  readonly ranged: Digest
  /** The bytes of any blob of the repository. */
  blob(digest: Digest): Buffer
}

type Case = (world: ConformanceWorld, t: TestContext) => Promise<void>

const RANDOM: readonly Digest[] = [
  digestOf(Buffer.from('never pushed')),
  digestOf(Buffer.from('never pushed'), 'sha512'),
]
const TYPE = 'application/vnd.example.sbom'

/** By the names of the read-only mode of the OCI conformance suite (main branch). */
const CASES: Readonly<Record<string, Case>> = {
  'OCI-01 the registry answers': async ({ cache }) => {
    assert.equal((await cache.fetch('/v2/')).status, 200)
  },
  'OCI-02 a digest nobody refers to has an empty list': async (world) => {
    for (const digest of RANDOM) assert.deepEqual((await referrersOf(world, digest)).manifests, [])
  },
  'OCI-03 a blob nobody pushed is unknown': assertNoBlob,
  'OCI-13 ranges of a blob': assertRanges,
  'OCI-14 a blob of no bytes, and {}': async (world) => {
    for (const digest of world.special) await assertBlob(world, digest)
  },
  'OCI-16 tags and where last splits them': assertTags,
  'OCI-16, 17, 18 every data set pulls whole': async (world, t) => {
    for (const set of world.sets) await t.test(set.name, () => assertDataSet(world, set))
  },
  'OCI-19 a manifest nobody pushed is unknown': assertNoManifest,
  'OCI-20 a digest that is none is refused': assertBadDigest,
}

/**
 * Registers one round of the cases, each as a test with `round` in its name.
 * @param world is called when the tests run, so that a hook may set it up
 */
export function testPullSide(round: string, world: () => ConformanceWorld): void {
  for (const [name, run] of Object.entries(CASES)) test(`${name} (${round})`, (t) => run(world(), t))
}

/** GET below the repository. */
function get({ cache, repository }: ConformanceWorld, path: string, headers = {}) {
  return cache.fetch(`/v2/${repository}/${path}`, { headers })
}

function head({ cache, repository }: ConformanceWorld, path: string) {
  return cache.fetch(`/v2/${repository}/${path}`, { method: 'HEAD' })
}

interface Expected {
  readonly mediaType: string
  readonly digest: Digest
  readonly bytes: Buffer
}

/** HEAD and GET agree with each other and with what the upstream has. */
async function assertContent(world: ConformanceWorld, path: string, want: Expected): Promise<void> {
  const asked = await head(world, path)
  const got = await get(world, path)
  for (const { status, headers } of [asked, got]) {
    assert.equal(status, 200, path)
    assert.equal(headers['content-length'], String(want.bytes.length), path)
    assert.equal(headers['content-type'], want.mediaType, path)
    assert.equal(headers['docker-content-digest'], want.digest, path)
  }
  assert.equal(asked.body.length, 0)
  assert.ok(got.body.equals(want.bytes), path)
}

function assertManifest(world: ConformanceWorld, reference: string, want: BuiltJson): Promise<void> {
  return assertContent(world, `manifests/${reference}`, want)
}

function assertBlob(world: ConformanceWorld, digest: Digest): Promise<void> {
  const want = { mediaType: 'application/octet-stream', digest, bytes: world.blob(digest) }
  return assertContent(world, `blobs/${digest}`, want)
}

async function assertDataSet(world: ConformanceWorld, set: DataSet): Promise<void> {
  await assertManifest(world, set.name, set.manifest)
  for (const manifest of set.manifests) await assertManifest(world, manifest.digest, manifest)
  for (const digest of new Set(set.blobs)) await assertBlob(world, digest)
  await assertReferrers(world, set)
  for (const digest of set.missing) {
    assert.equal(verdict(await get(world, `manifests/${digest}`)), '404 MANIFEST_UNKNOWN')
  }
}

async function assertReferrers(
  world: ConformanceWorld,
  { manifest, referrers }: Pick<DataSet, 'manifest' | 'referrers'>,
): Promise<void> {
  const found = (await referrersOf(world, manifest.digest)).manifests
  assert.equal(found.length, referrers.length)
  for (const { digest, mediaType, size, bytes } of referrers) {
    const { artifactType, annotations } = JSON.parse(bytes.toString())
    const one = found.find((descriptor) => descriptor.digest === digest)
    assert.deepEqual(one, { mediaType, digest, size, artifactType, annotations })
  }
  const filtered = await referrersOf(world, manifest.digest, `?artifactType=${encodeURIComponent(TYPE)}`)
  assert.equal(filtered.headers['oci-filters-applied'], 'artifactType')
  assert.deepEqual(
    filtered.manifests,
    found.filter(({ artifactType }) => artifactType === TYPE),
  )
}

async function referrersOf(world: ConformanceWorld, digest: Digest, query = '') {
  const answer = await get(world, `referrers/${digest}${query}`)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], MEDIA.index)
  const index = jsonOf<{ schemaVersion: number; mediaType: string; manifests: Descriptor[] }>(answer)
  assert.deepEqual([index.schemaVersion, index.mediaType], [2, MEDIA.index])
  return { headers: answer.headers, manifests: index.manifests }
}

async function assertRanges(world: ConformanceWorld): Promise<void> {
  const path = `blobs/${world.ranged}`
  const bytes = world.blob(world.ranged)
  const cases = {
    '500-1499': [500, 1500],
    '500-': [500, 2048],
    '-500': [1548, 2048],
    '2000-5000': [2000, 2048],
    '0-0': [0, 1],
  }
  for (const [range, [start = 0, end = 0]] of Object.entries(cases)) {
    const answer = await get(world, path, { range: `bytes=${range}` })
    assert.equal(answer.status, 206, range)
    assert.equal(answer.headers['content-range'], `bytes ${start}-${end - 1}/2048`)
    assert.ok(answer.body.equals(bytes.subarray(start, end)), range)
  }
  for (const range of ['500-0', '5000-10000', '2048-', '-0']) {
    const answer = await get(world, path, { range: `bytes=${range}` })
    assert.equal(verdict(answer), '416 RANGE_INVALID', range)
    assert.equal(answer.headers['content-range'], 'bytes */2048')
  }
}

async function assertTags(world: ConformanceWorld): Promise<void> {
  const { repository, tags } = world
  const list = async (query = '') => {
    const answer = await get(world, `tags/list${query}`)
    assert.equal(answer.status, 200)
    return jsonOf<{ name: string; tags: string[] }>(answer)
  }
  assert.deepEqual(await list(), { name: repository, tags })
  for (const at of [0, 3, tags.length - 1]) {
    assert.deepEqual((await list(`?last=${tags[at]}`)).tags, tags.slice(at + 1))
    assert.deepEqual((await list(`?n=2&last=${tags[at]}`)).tags, tags.slice(at + 1, at + 3))
  }
  assert.deepEqual(await walkTags(world), tags)
}

/** All tags, five at a time, each page found through the Link of the one before. */
async function walkTags(world: ConformanceWorld): Promise<string[]> {
  const found: string[] = []
  let path: string | undefined = `/v2/${world.repository}/tags/list?n=5`
  while (path !== undefined && found.length <= world.tags.length) {
    const answer = await world.cache.fetch(path)
    const page = jsonOf<{ tags: string[] }>(answer).tags
    found.push(...page)
    const link = answer.headers['link']
    path = /^<([^>]+)>; rel="next"$/.exec(String(link))?.[1]
    assert.equal(path === undefined, link === undefined, `Link: ${String(link)}`)
    if (path !== undefined) assert.equal(page.length, 5)
  }
  return found
}

async function assertNoBlob(world: ConformanceWorld): Promise<void> {
  for (const digest of RANDOM) {
    assert.equal(verdict(await get(world, `blobs/${digest}`)), '404 BLOB_UNKNOWN')
    assert.equal((await head(world, `blobs/${digest}`)).status, 404)
  }
}

async function assertNoManifest(world: ConformanceWorld): Promise<void> {
  for (const reference of [...RANDOM, 'never-pushed']) {
    assert.equal(verdict(await get(world, `manifests/${reference}`)), '404 MANIFEST_UNKNOWN')
    assert.equal((await head(world, `manifests/${reference}`)).status, 404)
  }
}

async function assertBadDigest(world: ConformanceWorld): Promise<void> {
  for (const path of ['manifests/sha256:baddigeststring', 'blobs/sha256:totallywrong', 'referrers/md5:1']) {
    const answer = await get(world, path)
    assert.equal(answer.status, 400, path)
    assert.equal(errorOf(answer).code, 'DIGEST_INVALID', path)
  }
}
