import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Digest } from '../../src/domain/digest.ts'
import { digestOf } from '../../src/domain/digest.ts'
import { type Cachalot, startCachalot } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { addDataSets, addSpecialBlobs, type DataSet } from '../support/oci-data-sets.ts'
import type { BuiltJson } from '../support/oci-image.ts'
import { type Descriptor, MEDIA } from '../support/oci-media.ts'
import { errorOf, jsonOf, verdict } from './support.ts'

const REPO = 'library/conformance'
const RANDOM: readonly Digest[] = [
  digestOf(Buffer.from('never pushed')),
  digestOf(Buffer.from('never pushed'), 'sha512'),
]
const TYPE = 'application/vnd.example.sbom'

/** What the whole file works on: one registry, one cache, three rounds. */
interface World {
  readonly hub: FakeUpstream
  readonly cache: Cachalot
  readonly sets: readonly DataSet[]
  readonly special: readonly Digest[]
  readonly ranged: { readonly digest: Digest; readonly bytes: Buffer }
}

let world: World
const cleanups: (() => Promise<void> | void)[] = []

before(async () => {
  const hub = await startFakeUpstream()
  const cache = await startCachalot({ after: (fn) => void cleanups.push(fn) }, { hub })
  const { digest, content } = hub.addBlob(REPO, { seed: 42, size: 2048 })
  const ranged = { digest, bytes: contentBytes(content) }
  hub.addImage('library/empty', { layers: 0 })
  world = { hub, cache, sets: addDataSets(hub, REPO), special: addSpecialBlobs(hub, REPO), ranged }
})

after(async () => {
  for (const cleanup of cleanups) await cleanup()
  await world.hub.close()
})

const get = (path: string, headers = {}) => world.cache.fetch(`/v2/${path}`, { headers })
const head = (path: string) => world.cache.fetch(`/v2/${path}`, { method: 'HEAD' })

async function assertManifest(reference: string, want: BuiltJson): Promise<void> {
  const path = `${REPO}/manifests/${reference}`
  const asked = await head(path)
  const got = await get(path)
  for (const { status, headers } of [asked, got]) {
    assert.equal(status, 200, path)
    assert.equal(headers['content-length'], String(want.size), path)
    assert.equal(headers['content-type'], want.mediaType, path)
    assert.equal(headers['docker-content-digest'], want.digest, path)
  }
  assert.equal(asked.body.length, 0)
  assert.ok(got.body.equals(want.bytes), path)
}

async function assertBlob(digest: Digest): Promise<void> {
  const path = `${REPO}/blobs/${digest}`
  const want = contentBytes(world.hub.blob(REPO, digest) ?? assert.fail(digest))
  const asked = await head(path)
  const got = await get(path)
  for (const { status, headers } of [asked, got]) {
    assert.equal(status, 200, path)
    assert.equal(headers['content-length'], String(want.length), path)
    assert.equal(headers['docker-content-digest'], digest, path)
  }
  assert.equal(asked.body.length, 0)
  assert.ok(got.body.equals(want), path)
}

async function referrersOf(digest: Digest, query = '') {
  const answer = await get(`${REPO}/referrers/${digest}${query}`)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], MEDIA.index)
  const index = jsonOf<{ schemaVersion: number; mediaType: string; manifests: Descriptor[] }>(answer)
  assert.deepEqual([index.schemaVersion, index.mediaType], [2, MEDIA.index])
  return { headers: answer.headers, manifests: index.manifests }
}

async function assertReferrers({ manifest, referrers }: DataSet): Promise<void> {
  const found = (await referrersOf(manifest.digest)).manifests
  assert.equal(found.length, referrers.length)
  for (const { digest, mediaType, size, bytes } of referrers) {
    const { artifactType, annotations } = JSON.parse(bytes.toString())
    const one = found.find((descriptor) => descriptor.digest === digest)
    assert.deepEqual(one, { mediaType, digest, size, artifactType, annotations })
  }
  const filtered = await referrersOf(manifest.digest, `?artifactType=${encodeURIComponent(TYPE)}`)
  assert.equal(filtered.headers['oci-filters-applied'], 'artifactType')
  assert.deepEqual(
    filtered.manifests,
    found.filter(({ artifactType }) => artifactType === TYPE),
  )
}

/** The cases of the read-only mode of the OCI conformance suite (main branch). */
function runSuite(round: string): void {
  test(`OCI-01 the registry answers (${round})`, async () => {
    assert.equal((await get('')).status, 200)
  })

  test(`OCI-02 lists of what is empty are empty (${round})`, async () => {
    const tags = await get('library/empty/tags/list')
    assert.deepEqual(jsonOf(tags), { name: 'library/empty', tags: [] })
    for (const digest of RANDOM) assert.deepEqual((await referrersOf(digest)).manifests, [])
  })

  test(`OCI-03 a blob nobody pushed is unknown (${round})`, async () => {
    for (const digest of RANDOM) {
      assert.equal(verdict(await get(`${REPO}/blobs/${digest}`)), '404 BLOB_UNKNOWN')
      assert.equal((await head(`${REPO}/blobs/${digest}`)).status, 404)
    }
  })

  test(`OCI-13 ranges of a blob (${round})`, async () => {
    const { digest, bytes } = world.ranged
    const cases = {
      '500-1499': [500, 1500],
      '500-': [500, 2048],
      '-500': [1548, 2048],
      '2000-5000': [2000, 2048],
    }
    for (const [range, [start = 0, end = 0]] of Object.entries(cases)) {
      const answer = await get(`${REPO}/blobs/${digest}`, { range: `bytes=${range}` })
      assert.equal(answer.status, 206, range)
      assert.equal(answer.headers['content-range'], `bytes ${start}-${end - 1}/2048`)
      assert.ok(answer.body.equals(bytes.subarray(start, end)), range)
    }
    for (const range of ['500-0', '5000-10000', '2048-', '-0']) {
      const answer = await get(`${REPO}/blobs/${digest}`, { range: `bytes=${range}` })
      assert.equal(verdict(answer), '416 RANGE_INVALID', range)
      assert.equal(answer.headers['content-range'], 'bytes */2048')
    }
  })

  test(`OCI-14 a blob of no bytes, and {} (${round})`, async () => {
    for (const digest of world.special) await assertBlob(digest)
  })

  test(`OCI-16 tags and where last splits them (${round})`, async () => {
    const names = world.sets.map(({ name }) => name).toSorted()
    const whole = jsonOf<{ tags: string[] }>(await get(`${REPO}/tags/list`))
    assert.deepEqual(whole.tags, names)
    for (const at of [0, 3, names.length - 1]) {
      const rest = jsonOf<{ tags: string[] }>(await get(`${REPO}/tags/list?last=${names[at]}`))
      assert.deepEqual(rest.tags, names.slice(at + 1))
      const two = jsonOf<{ tags: string[] }>(await get(`${REPO}/tags/list?n=2&last=${names[at]}`))
      assert.deepEqual(two.tags, names.slice(at + 1, at + 3))
    }
  })

  test(`OCI-16, 17, 18 every data set pulls whole (${round})`, async (t) => {
    for (const set of world.sets) {
      await t.test(set.name, async () => {
        await assertManifest(set.name, set.manifest)
        for (const manifest of set.manifests) await assertManifest(manifest.digest, manifest)
        for (const digest of new Set(set.blobs)) await assertBlob(digest)
        await assertReferrers(set)
        for (const digest of set.missing) {
          assert.equal(verdict(await get(`${REPO}/manifests/${digest}`)), '404 MANIFEST_UNKNOWN')
        }
      })
    }
  })

  test(`OCI-19 a manifest nobody pushed is unknown (${round})`, async () => {
    for (const reference of [...RANDOM, 'never-pushed']) {
      assert.equal(verdict(await get(`${REPO}/manifests/${reference}`)), '404 MANIFEST_UNKNOWN')
      assert.equal((await head(`${REPO}/manifests/${reference}`)).status, 404)
    }
  })

  test(`OCI-20 a digest that is none is refused (${round})`, async () => {
    for (const path of ['manifests/sha256:baddigeststring', 'blobs/sha256:totallywrong', 'referrers/md5:1']) {
      const answer = await get(`${REPO}/${path}`)
      assert.equal(answer.status, 400, path)
      assert.equal(errorOf(answer).code, 'DIGEST_INVALID', path)
    }
  })
}

describe('the pull side of the OCI conformance suite', () => {
  runSuite('cold')
  runSuite('warm')
  test('then the upstream is asked for nothing more and stops', async () => {
    const bodies = world.hub.requests.list({ kind: 'blob', method: 'GET' }).map(({ ref }) => ref)
    assert.equal(new Set(bodies).size, bodies.length, 'every body was fetched once')
    world.hub.requests.clear()
    await get(`${REPO}/manifests/image`)
    assert.equal(world.hub.requests.count(), 0)
    await world.hub.stop()
  })
  runSuite('with the upstream stopped')
  test('and nothing broke on the way', () => {
    assert.deepEqual(world.cache.log.find('error'), [])
  })
})
