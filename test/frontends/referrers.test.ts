import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import type { Descriptor } from '../support/oci-media.ts'
import { MEDIA } from '../support/oci-media.ts'
import { jsonOf, verdict } from './support.ts'

interface ReferrerIndex {
  readonly schemaVersion: number
  readonly mediaType: string
  readonly manifests: readonly Descriptor[]
}

const TYPES = ['application/vnd.example.signature', 'application/vnd.example.sbom']

/** An image with a signature and two SBOMs. */
function addSigned(hub: FakeUpstream, repo: string) {
  const image = hub.addImage(repo, { tags: ['1'] })
  const kinds = [TYPES[0], TYPES[1], TYPES[1]]
  const referrers = kinds.map((artifactType = '', i) => {
    const annotations = { 'org.example.number': String(i) }
    const { manifest } = hub.addReferrer(repo, { subject: image.manifest.digest, artifactType, annotations })
    const { mediaType, digest, size } = manifest
    return { mediaType, digest, size, artifactType, annotations }
  })
  return { digest: image.manifest.digest, referrers }
}

async function ask(cache: Cachalot, path: string) {
  const answer = await cache.fetch(path)
  assert.equal(answer.status, 200, path)
  assert.equal(answer.headers['content-type'], MEDIA.index)
  const index = jsonOf<ReferrerIndex>(answer)
  assert.deepEqual([index.schemaVersion, index.mediaType], [2, MEDIA.index])
  return { headers: answer.headers, manifests: index.manifests }
}

describe('referrers', () => {
  for (const [how, fake] of [
    ['the API', {}],
    ['the API in pages', { pageSize: 1 }],
    ['the tag that stands in for it', { referrers: false }],
  ] as const) {
    test(`are all there with types and annotations, through ${how}`, async (t) => {
      const { hub, cache } = await startPair(t, { fake })
      const { digest, referrers } = addSigned(hub, 'org/app')
      for (const outcome of ['miss', 'hit']) {
        const { headers, manifests } = await ask(cache, `/v2/org/app/referrers/${digest}`)
        assert.deepEqual(manifests, referrers)
        assert.equal(headers['oci-filters-applied'], undefined)
        assert.equal(headers['x-cache'], outcome)
        assert.equal(headers.link, undefined)
      }
    })

    test(`are filtered by us, and we say so, through ${how}`, async (t) => {
      const { hub, cache } = await startPair(t, { fake })
      const { digest, referrers } = addSigned(hub, 'org/app')
      for (const type of [...TYPES, 'application/vnd.example.none']) {
        const query = `?artifactType=${encodeURIComponent(type)}`
        const { headers, manifests } = await ask(cache, `/v2/org/app/referrers/${digest}${query}`)
        assert.deepEqual(
          manifests,
          referrers.filter((one) => one.artifactType === type),
        )
        assert.equal(headers['oci-filters-applied'], 'artifactType')
      }
    })

    test(`of what nobody knows are an empty list, through ${how}`, async (t) => {
      const { cache } = await startPair(t, { fake })
      for (const digest of [`sha256:${'0'.repeat(64)}`, `sha512:${'1'.repeat(128)}`]) {
        for (let i = 0; i < 2; i++) {
          assert.deepEqual((await ask(cache, `/v2/org/none/referrers/${digest}`)).manifests, [])
        }
      }
    })
  }

  test('of one question cost the upstream one request, however they are filtered', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = addSigned(hub, 'library/app')
    for (const query of ['', '?artifactType=a', '?artifactType=b', '?ns=docker.io']) {
      await ask(cache, `/v2/app/referrers/${digest}${query}`)
    }
    assert.equal(hub.requests.count({ kind: 'referrers' }), 1)
  })

  test('where the API is missing are asked for there only once in a while', async (t) => {
    const { hub, cache } = await startPair(t, { fake: { referrers: false } })
    const { digest } = addSigned(hub, 'org/app')
    for (let i = 0; i < 3; i++) await ask(cache, `/v2/org/app/referrers/${digest}`)
    assert.equal(hub.requests.count(), 2)
  })

  test('whose pages never end do come to an end', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest, referrers } = addSigned(hub, 'org/app')
    const path = `/v2/org/app/referrers/${digest}`
    hub.faults.add({ when: { kind: 'referrers' }, fault: { headers: { Link: `<${path}?x=1>; rel="next"` } } })
    const { manifests } = await ask(cache, path)
    assert.ok(manifests.length >= referrers.length && manifests.length <= 3 * referrers.length)
    assert.ok(hub.requests.count() <= 3)
  })

  test('are fetched from the same upstream whatever host a link names', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = addSigned(hub, 'org/app')
    const Link = `<http://127.0.0.9:9/v2/evil/referrers/x?page=2>; rel="next"`
    hub.faults.add({ when: { kind: 'referrers', nth: 1 }, fault: { headers: { Link } } })
    await ask(cache, `/v2/org/app/referrers/${digest}`)
    const asked = hub.requests.list().map(({ path, query }) => `${path}?${query}`)
    const own = `/v2/org/app/referrers/${digest}`
    assert.deepEqual(asked, [`${own}?`, `${own}?page=2`])
  })

  test('of a digest that is none are refused', async (t) => {
    const { hub, cache } = await startPair(t)
    const answer = await cache.fetch('/v2/org/app/referrers/sha256:short')
    assert.equal(verdict(answer), '400 DIGEST_INVALID')
    assert.equal(hub.requests.count(), 0)
  })

  test('that are no list are not passed on', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = addSigned(hub, 'org/app')
    hub.faults.add({ when: { kind: 'referrers' }, fault: { swapBody: Buffer.from('<html>') } })
    assert.equal(verdict(await cache.fetch(`/v2/org/app/referrers/${digest}`)), '502 UNAVAILABLE')
  })

  test('stay while the upstream is away, and are an error where nothing is known', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest, referrers } = addSigned(hub, 'org/app')
    await ask(cache, `/v2/org/app/referrers/${digest}`)
    await hub.stop()
    assert.deepEqual((await ask(cache, `/v2/org/app/referrers/${digest}`)).manifests, referrers)
    const unknown = await cache.fetch(`/v2/org/app/referrers/sha256:${'0'.repeat(64)}`)
    assert.equal(verdict(unknown), '503 UNAVAILABLE')
  })
})
