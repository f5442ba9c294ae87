import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertNoParts, assertStoreSound, MIB, manifestPath } from '../e2e/support.ts'
import { apiOf, gc, remove } from '../jobs/support.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { bytesContent } from '../support/fake-content.ts'
import { buildIndex, buildJson } from '../support/oci-image.ts'
import { type Descriptor, descriptorOf, MEDIA } from '../support/oci-media.ts'
import { answer, startScripted } from './incoming-support.ts'

const DEEP = 100_000
const ZERO = `sha256:${'0'.repeat(64)}`
const nest = (open: string, close: string, depth = DEEP): string => open.repeat(depth) + close.repeat(depth)
const own = `"config":{"mediaType":"a/b","digest":"${ZERO}","size":2}`

const HUGE = [1e308, '-0', '1e999']
const sized = (size: number | string): string => `{"digest":"${ZERO}","size":${size}}`
const descriptor = (i: number): string => `{"digest":"sha256:${String(i).padStart(64, '0')}","size":1}`

/** Documents that are made to break whoever reads them. */
const BOMBS: Readonly<Record<string, string | Buffer>> = {
  'lists in lists': `{"layers":${nest('[', ']')},${own}}`,
  'objects in objects': `{"manifests":[${nest('{"a":', '}').replace('}', '1}')}],${own}}`,
  'descriptors in descriptors': nest('{"manifests":[', ']}'),
  'four million brackets': Buffer.alloc(4 * MIB - 1, '['),
  'many keys': `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join()},${own}}`,
  'many equal keys': `{${'"layers":[],'.repeat(200_000)}${own}}`,
  'many descriptors': `{"manifests":[${Array.from({ length: 10_000 }, (_, i) => descriptor(i)).join()}]}`,
  'keys of every object': `{"__proto__":{"layers":[1],"polluted":1},"constructor":{"polluted":1},"length":-1,${own}}`,
  'numbers beyond numbers': `{"schemaVersion":1e400,"layers":[${HUGE.map(sized).join()}],${own}}`,
  'a number of a million digits': `{"schemaVersion":${'9'.repeat(1_000_000)},${own}}`,
  'halves of characters': `{"a":"\\ud800","annotations":{"\\udfff":"\\ud800\\ud800"},${own}}`,
  'bytes that are no text': Buffer.concat([
    Buffer.from(`{${own},"a":"`),
    Buffer.from([0xff, 0xfe, 0xc0, 0x80]),
    Buffer.from('"}'),
  ]),
  'a byte order mark': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(`{${own}}`)]),
  'a string of four million': `{"a":"${'\\u0000'.repeat(650_000)}",${own}}`,
  'other types everywhere':
    '{"schemaVersion":[],"mediaType":{},"layers":{"0":1},"manifests":"x","config":[],"subject":7}',
  'a list of nothing': '[null]',
  'a word': '"x"',
}

/** SEC-35 */
suite('JSON that is made to break whoever reads it', () => {
  test('is passed on byte for byte as a manifest, and looked at without harm', async (t) => {
    const { hub, cache } = await startPair(t)
    const api = apiOf(cache)
    for (const [n, [what, bomb]] of Object.entries(BOMBS).entries()) {
      const repo = `library/r${n}`
      const bytes = Buffer.from(bomb)
      for (const [tag, mediaType] of Object.entries({ image: MEDIA.manifest, index: MEDIA.index })) {
        hub.addManifest(repo, { bytes, mediaType, tags: [tag] })
        for (let round = 0; round < 2; round++) {
          const found = await cache.fetch(manifestPath(tag, repo))
          assert.equal(found.status, 200, what)
          assert.ok(found.body.equals(bytes), what)
        }
      }
      // Whatever it is, somebody can look at it and take it away.
      await api.get('/image', { name: `r${n}:index` }).catch(() => undefined)
      await remove(cache, [`r${n}:index`, `r${n}:image`])
      assert.equal((await api.get('/lookup', { name: `r${n}:index` })).cached, 'no', what)
    }
    await gc(cache, { dryRun: true, to: 0 })
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
    await assertStoreSound(cache.dataDir)
  })

  test('is an error or a list where a list is asked for, and harms nobody', async (t) => {
    let bomb: string | Buffer = ''
    const upstream = await startScripted(t, () => answer(200, bomb, ['Content-Type: application/json']))
    const cache = await startCachalot(t, { hub: upstream })
    const failures: string[] = []
    for (const [n, [what, body]] of Object.entries(BOMBS).entries()) {
      bomb = body
      for (const path of [`/v2/library/l${n}/tags/list`, `/v2/library/l${n}/referrers/${ZERO}`]) {
        const { status } = await cache.fetch(path)
        if (![200, 413, 502].includes(status)) failures.push(`${path}: ${status} for ${what}`)
      }
    }
    assert.equal((await cache.fetch('/v2/')).status, 200)
    assert.deepEqual(failures, [])
  })

  test('is no token', async (t) => {
    const { hub, cache } = await startPair(t, { fake: { auth: 'bearer' } })
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    for (const body of Object.values(BOMBS)) {
      const fault = hub.faults.add({ when: { kind: 'token' }, fault: { status: 200, body } })
      const { status } = await cache.fetch(manifestPath('1'))
      assert.ok(status >= 400 && status !== 500, `${status}`)
      fault.remove()
    }
  })
})

const LEVELS = 12
const WIDTH = 10
const BLOCK = 4096

/** SEC-37 */
test('an index with more paths than anybody can walk is looked at, kept, checked and removed in no time', {
  timeout: 60_000,
}, async (t) => {
  const { hub, cache } = await startPair(t)
  const repo = 'library/app'
  const config = buildJson(MEDIA.config, { os: 'linux', architecture: 'amd64' })
  hub.putBlob(repo, config.digest, bytesContent(config.bytes))
  const leaf = buildJson(MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: descriptorOf(config),
    layers: [],
  })
  hub.addManifest(repo, { bytes: leaf.bytes, mediaType: MEDIA.manifest })
  // Ten of each level, each of which lists all ten of the level below: 10^12 paths from top to bottom.
  let below: readonly Descriptor[] = [leaf]
  const all = [leaf.digest]
  for (let level = 0; level < LEVELS; level++) {
    const indexes = Array.from({ length: WIDTH }, (_, i) =>
      buildIndex([...below, ...below].map(descriptorOf), {
        fields: { annotations: { place: `${level} ${i}` } },
      }),
    )
    for (const { bytes, digest } of indexes) {
      hub.addManifest(repo, { bytes, mediaType: MEDIA.index })
      all.push(digest)
    }
    below = indexes
  }
  hub.tag(repo, 'top', all.at(-1) ?? leaf.digest)
  for (const digest of all) assert.equal((await cache.fetch(manifestPath(digest))).status, 200)
  assert.equal((await cache.fetch(manifestPath('top'))).status, 200)
  assert.equal((await cache.fetch(`/v2/${repo}/blobs/${config.digest}`)).status, 200)
  await assertNoParts(cache.dataDir)
  const api = apiOf(cache)
  await api.put('/pins', { match: ['docker.io/library/app:top'] })
  const top = (await api.get('/images', {})).items.find(({ tags }) => tags.includes('top'))
  // Each manifest counts once, as far down as anybody looks.
  assert.ok(top !== undefined && top.total > WIDTH * BLOCK && top.total <= (all.length + 1) * BLOCK)
  await api.get('/image', { name: 'app:top' })
  assert.equal((await api.get('/lookup', { name: 'app:top' })).cached, 'complete')
  await gc(cache, { to: 0, grace: 0 })
  assert.equal((await cache.fetch(manifestPath('top'))).headers['x-cache'], 'hit')
  await api.del('/pins', { match: ['docker.io/library/app:top'] })
  const gone = await remove(cache, ['app:top'])
  assert.ok(gone.total >= BLOCK)
  await gc(cache, { to: 0, grace: 0 })
  await assertStoreSound(cache.dataDir)
})
