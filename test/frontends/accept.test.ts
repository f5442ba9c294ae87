import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { accepts } from '../../src/frontends/oci/accept.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { type BuiltJson, buildJson } from '../support/oci-image.ts'
import { MEDIA } from '../support/oci-media.ts'

const EVERYTHING = [MEDIA.index, MEDIA.manifest, MEDIA.dockerList, MEDIA.dockerManifest]

/** What the clients send. An array is sent as so many headers, as containers/image does. */
const SHAPES: Readonly<Record<string, string | string[] | undefined>> = {
  'none at all': undefined,
  everything: EVERYTHING.join(', '),
  'everything, repeated': EVERYTHING,
  'anything, as curl': '*/*',
  'Docker manifest only, as of 2016': `${MEDIA.dockerManifest}, application/json`,
}

const headersOf = (accept: string | string[] | undefined) => (accept === undefined ? {} : { accept })

/** One manifest of each kind, under the tag that names the kind. */
function addKinds(hub: FakeUpstream): Record<'list' | 'v2s2' | 'index' | 'manifest', BuiltJson> {
  return {
    list: hub.addIndex('org/app', { tags: ['list'], format: 'docker' }).manifest,
    v2s2: hub.addImage('org/app', { tags: ['v2s2'], format: 'docker' }).manifest,
    index: hub.addIndex('org/app', { tags: ['index'] }).manifest,
    manifest: hub.addImage('org/app', { tags: ['manifest'] }).manifest,
  }
}

describe('Accept', () => {
  test('takes what it names, its family, or everything', () => {
    assert.ok(accepts(undefined, MEDIA.index))
    assert.ok(accepts('', MEDIA.index))
    assert.ok(accepts('*/*', MEDIA.index))
    assert.ok(accepts('application/*', MEDIA.index))
    assert.ok(accepts(`text/html, ${MEDIA.index};q=0.5`, MEDIA.index))
    assert.ok(accepts(MEDIA.index.toUpperCase(), MEDIA.index))
    assert.ok(!accepts('text/*', MEDIA.index))
    assert.ok(!accepts(MEDIA.manifest, MEDIA.index))
  })

  test('refuses with q=0, the most specific range first', () => {
    assert.ok(!accepts(`${MEDIA.index};q=0`, MEDIA.index))
    assert.ok(!accepts(`*/*, ${MEDIA.index};q=0.000`, MEDIA.index))
    assert.ok(!accepts(`application/*; q=0, */*`, MEDIA.index))
    assert.ok(accepts(`*/*;q=0, ${MEDIA.index}`, MEDIA.index))
    assert.ok(accepts(`${MEDIA.index};q=0.001`, MEDIA.index))
  })

  for (const acceptMode of ['any', 'flatten'] as const) {
    test(`is answered as the upstream answers it, byte for byte (${acceptMode})`, async (t) => {
      const { hub, cache } = await startPair(t, { fake: { acceptMode } })
      const kinds = addKinds(hub)
      for (const round of ['cold', 'warm']) {
        for (const [shape, accept] of Object.entries(SHAPES)) {
          for (const kind of Object.keys(kinds)) {
            const path = `/v2/org/app/manifests/${kind}`
            const headers = headersOf(accept ?? EVERYTHING)
            const [theirs, ours, head] = await Promise.all([
              fetchAll(hub.url, { path, headers: accept === '*/*' ? headersOf(EVERYTHING) : headers }),
              cache.fetch(path, { headers: headersOf(accept) }),
              cache.fetch(path, { headers: headersOf(accept), method: 'HEAD' }),
            ])
            const said = `${kind} for ${shape}, ${round}`
            assert.deepEqual(ours.body, theirs.body, said)
            for (const name of ['content-type', 'docker-content-digest', 'content-length']) {
              assert.equal(ours.headers[name], theirs.headers[name], `${name} of ${said}`)
              assert.equal(head.headers[name], theirs.headers[name], `${name} of HEAD of ${said}`)
            }
          }
        }
      }
    })
  }

  test('that takes it is served from the cache, one that does not goes past it', async (t) => {
    const { hub, cache } = await startPair(t, { fake: { acceptMode: 'flatten' } })
    const { images, manifest } = hub.addIndex('org/app', { tags: ['1'] })
    const get = async (accept: string) => cache.fetch('/v2/org/app/manifests/1', { headers: { accept } })
    assert.equal((await get(MEDIA.index)).headers['x-cache'], 'miss')
    hub.requests.clear()
    for (let i = 0; i < 2; i++) {
      const passed = await get(MEDIA.manifest)
      assert.equal(passed.headers['x-cache'], 'bypass')
      assert.deepEqual(passed.body, images[0]?.manifest.bytes)
    }
    assert.equal(hub.requests.count(), 2)
    const accepts = hub.requests.list().map(({ headers }) => headers.accept)
    assert.deepEqual(accepts, [MEDIA.manifest, MEDIA.manifest])
    const cached = await get(MEDIA.index)
    assert.equal(cached.headers['x-cache'], 'hit')
    assert.deepEqual(cached.body, manifest.bytes)
    assert.equal(hub.requests.count(), 2)
  })

  test('says nothing about a digest, which names one content only', async (t) => {
    const { hub, cache } = await startPair(t, { fake: { acceptMode: 'flatten' } })
    const { manifest } = hub.addIndex('org/app')
    for (const outcome of ['miss', 'hit']) {
      const path = `/v2/org/app/manifests/${manifest.digest}`
      const answer = await cache.fetch(path, { headers: { accept: MEDIA.dockerManifest } })
      assert.equal(answer.headers['x-cache'], outcome)
      assert.deepEqual(answer.body, manifest.bytes)
    }
  })

  test('that cannot be asked about is answered with what is there', async (t) => {
    const { hub, cache } = await startPair(t, { fake: { acceptMode: 'flatten' } })
    const { manifest } = hub.addIndex('org/app', { tags: ['1'] })
    await cache.fetch('/v2/org/app/manifests/1')
    await hub.stop()
    const answer = await cache.fetch('/v2/org/app/manifests/1', { headers: { accept: MEDIA.manifest } })
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body, manifest.bytes)
  })

  test('that a silent upstream is asked about is answered with what is there, and soon', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addIndex('org/app', { tags: ['1'] })
    await cache.fetch('/v2/org/app/manifests/1')
    hub.freeze()
    for (let i = 0; i < 2; i++) {
      const answer = await cache.fetch('/v2/org/app/manifests/1', { headers: { accept: MEDIA.manifest } })
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.body, manifest.bytes)
      // The limit for everybody who has nothing else to serve is 28 s.
      assert.ok(answer.firstByteMs < 10_000, `${answer.firstByteMs} ms`)
    }
    hub.thaw()
  })

  test('is answered with what is there where the upstream deleted it, unless that is to be followed', async (t) => {
    for (const [whenDeleted, status] of [
      ['keep', 200],
      ['follow', 404],
    ] as const) {
      const hub = await startFakeUpstream()
      t.after(() => hub.close())
      const upstreams = [{ name: 'docker.io', url: hub.url, when_deleted: whenDeleted }]
      const cache = await startCachalot(t, { upstreams })
      hub.addIndex('org/app', { tags: ['1'] })
      await cache.fetch('/v2/org/app/manifests/1')
      hub.faults.add({ fault: { status: 404 } })
      const answer = await cache.fetch('/v2/org/app/manifests/1', { headers: { accept: MEDIA.manifest } })
      assert.equal(answer.status, status, whenDeleted)
    }
  })

  test('is asked about once for everybody who sends the same', async (t) => {
    const { hub, cache } = await startPair(t, { fake: { acceptMode: 'flatten' } })
    const { images } = hub.addIndex('org/app', { tags: ['1'] })
    await cache.fetch('/v2/org/app/manifests/1')
    hub.requests.clear()
    hub.latency = 200
    const headers = { accept: MEDIA.manifest }
    const asked = Array.from({ length: 20 }, () => cache.fetch('/v2/org/app/manifests/1', { headers }))
    for (const answer of await Promise.all(asked)) assert.deepEqual(answer.body, images[0]?.manifest.bytes)
    assert.equal(hub.requests.count(), 1)
  })
})

describe('a manifest whose upstream says too little', () => {
  const cases = {
    'no digest': { 'Docker-Content-Digest': null },
    'no type': { 'Content-Type': null },
    'neither, and no length': { 'Docker-Content-Digest': null, 'Content-Type': null, 'Content-Length': null },
  }
  for (const [name, headers] of Object.entries(cases)) {
    test(`has digest, type and length all the same: ${name}`, async (t) => {
      const { hub, cache } = await startPair(t)
      const { manifest } = hub.addIndex('org/app', { tags: ['1'] })
      hub.faults.add({ fault: { headers } })
      for (const path of ['1', manifest.digest]) {
        for (const method of ['HEAD', 'GET', 'HEAD']) {
          const answer = await cache.fetch(`/v2/org/app/manifests/${path}`, { method })
          assert.equal(answer.headers['docker-content-digest'], manifest.digest, method)
          assert.equal(answer.headers['content-type'], MEDIA.index, method)
          assert.equal(answer.headers['content-length'], String(manifest.size), method)
        }
      }
    })
  }

  test('gets its type from its own words, not from those of what it lists', async (t) => {
    const { hub, cache } = await startPair(t)
    const config = { mediaType: MEDIA.config, digest: `sha256:${'0'.repeat(64)}`, size: 2 }
    const untyped = { schemaVersion: 2, config, layers: [] }
    hub.addManifest('org/app', { ...buildJson(MEDIA.manifest, untyped), tags: ['1'] })
    hub.addManifest('org/app', { bytes: Buffer.from('no JSON'), mediaType: MEDIA.manifest, tags: ['2'] })
    hub.faults.add({ fault: { headers: { 'Content-Type': null } } })
    for (const tag of ['1', '2']) {
      const answer = await cache.fetch(`/v2/org/app/manifests/${tag}`)
      assert.equal(answer.headers['content-type'], MEDIA.manifest)
    }
  })

  test('keeps its type without the parameters an upstream adds', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('org/app', { tags: ['1'] })
    hub.faults.add({ fault: { headers: { 'Content-Type': `${MEDIA.manifest}; charset=utf-8` } } })
    for (const method of ['HEAD', 'GET', 'HEAD']) {
      const answer = await cache.fetch('/v2/org/app/manifests/1', { method })
      assert.equal(answer.headers['content-type'], MEDIA.manifest)
    }
  })
})
