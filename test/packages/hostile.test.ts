import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { suite, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { basic } from '../auth/support.ts'
import { blobFiles, eventually, parts } from '../e2e/support.ts'
import { apiOf } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import { buildImage } from '../support/oci-image.ts'
import { PASSWORDS, startConsole } from '../ui/console.ts'
import { assertServed, bring, tarOf, untar } from './support.ts'

suite('an archive that nobody should have made', { concurrency: 1 }, () => {
  const image = buildImage({ layers: [6_000_000, 2000] })
  const at = (digest: string): string => `blobs/${digest.replace(':', '/')}`
  const layout = (name = 'app:1') => [
    { path: 'oci-layout', bytes: '{"imageLayoutVersion":"1.0.0"}' },
    {
      path: 'index.json',
      bytes: JSON.stringify({
        schemaVersion: 2,
        manifests: [
          {
            mediaType: image.manifest.mediaType,
            digest: image.manifest.digest,
            size: image.manifest.size,
            annotations: { 'io.containerd.image.name': name },
          },
        ],
      }),
    },
  ]
  const content = () => [
    ...layout(),
    { path: at(image.manifest.digest), bytes: image.manifest.bytes },
    { path: at(image.config.digest), bytes: image.config.bytes },
    ...image.layers.map((layer) => ({ path: at(layer.digest), bytes: contentBytes(layer.content) })),
  ]
  const without = (path: string) => content().filter((entry) => entry.path !== path)
  const flipped = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes)
    copy[100] = (copy[100] ?? 0) ^ 1
    return copy
  }
  const [large, small] = image.layers
  assert.ok(large && small)
  const evil = (entry: Parameters<typeof tarOf>[0][number]) => tarOf([entry, ...content()])
  const digestly = (what: object) =>
    tarOf([
      { path: 'oci-layout', bytes: '{}' },
      { path: 'index.json', bytes: JSON.stringify(what) },
    ])

  const CASES: readonly (readonly [what: string, archive: () => Buffer, says: RegExp])[] = [
    ['is none', () => Buffer.from('hello, I am no archive at all'.repeat(100)), /no archive of images/],
    ['is empty', () => Buffer.alloc(0), /no archive of images/],
    [
      'holds something else',
      () => tarOf([{ path: 'README', bytes: 'hi' }]),
      /neither index\.json nor manifest\.json/,
    ],
    ['is cut', () => tarOf(content()).subarray(0, 3_000_000), /no archive of images|is cut/],
    ['is cut at its compression', () => gzipSync(tarOf(content())).subarray(0, 2_000_000), /damaged or cut/],
    [
      'is a foreign compression',
      () => Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(600)]),
      /xz/,
    ],
    ['has a path that climbs', () => evil({ path: '../../etc/passwd', bytes: 'x' }), /leads out of it/],
    ['has an absolute path', () => evil({ path: '/etc/passwd', bytes: 'x' }), /leads out of it/],
    [
      'has a path that climbs in the middle',
      () => evil({ path: 'a/../../b', bytes: 'x' }),
      /leads out of it/,
    ],
    ['has a backslash', () => evil({ path: 'a\\..\\b', bytes: 'x' }), /leads out of it/],
    [
      'has a link that climbs',
      () => evil({ path: 'a/l', type: 'SymbolicLink', linkpath: '../../etc/shadow' }),
      /leads out of it/,
    ],
    [
      'has an absolute link',
      () => evil({ path: 'l', type: 'SymbolicLink', linkpath: '/etc/shadow' }),
      /leads out of it/,
    ],
    [
      'has a hard link that climbs',
      () => evil({ path: 'l', type: 'Link', linkpath: '../x' }),
      /leads out of it/,
    ],
    ['has a device', () => evil({ path: 'dev', type: 'CharacterDevice' }), /no file/],
    ['has a pipe', () => evil({ path: 'pipe', type: 'FIFO' }), /no file/],
    ['has a file twice', () => evil({ path: at(image.config.digest), bytes: image.config.bytes }), /twice/],
    [
      'has a huge header',
      () =>
        Buffer.concat([
          tarOf([{ path: 'PaxHeader/x', type: 'ExtendedHeader', bytes: Buffer.alloc(100_000, 'a') }], false),
          tarOf(content()),
        ]),
      /header that is far too long/,
    ],
    [
      'says a size beyond every number',
      () => {
        const bytes = tarOf(content())
        bytes.fill(0xff, 124, 136)
        return bytes
      },
      /no archive of images/,
    ],
    [
      'says a size beyond its end',
      () => tarOf([...content(), { path: 'junk', bytes: 'x', size: 900_000_000 }], false),
      /no archive of images|no room|is cut/,
    ],
    [
      'lies about a small digest',
      () =>
        tarOf([
          ...without(at(small.digest)),
          { path: at(small.digest), bytes: flipped(contentBytes(small.content)) },
        ]),
      /other bytes than its name says/,
    ],
    [
      'lies about a large digest',
      () =>
        tarOf([
          ...without(at(large.digest)),
          { path: at(large.digest), bytes: flipped(contentBytes(large.content)) },
        ]),
      /other bytes than its name says/,
    ],
    ['lacks a layer', () => tarOf(without(at(large.digest))), /it lacks sha256/],
    ['lacks its manifest', () => tarOf(without(at(image.manifest.digest))), /it lacks the manifest/],
    ['lists nothing', () => digestly({ manifests: [] }), /lists no image/],
    [
      'is no JSON inside',
      () =>
        tarOf([
          { path: 'oci-layout', bytes: '{}' },
          { path: 'index.json', bytes: '{' },
        ]),
      /lists no image/,
    ],
    ['has digests that are none', () => digestly({ manifests: [{ digest: 'sha256:../../x' }] }), /no digest/],
    [
      'has a link in a circle for a manifest',
      () =>
        tarOf([
          { path: 'manifest.json', type: 'SymbolicLink', linkpath: 'b' },
          { path: 'b', type: 'SymbolicLink', linkpath: 'manifest.json' },
        ]),
      /neither/,
    ],
  ]

  for (const [what, archive, says] of CASES)
    test(`${what}: refused in words, and nothing of it stays`, async (t) => {
      const { cache } = await startPair(t)
      await assert.rejects(bring(cache, archive()), says)
      assert.deepEqual(await blobFiles(cache.dataDir), [])
      await eventually('no part is left', async () => (await parts(cache.dataDir)).length === 0)
      const { disk } = await apiOf(cache).get('/stats', {})
      assert.deepEqual([disk.used, disk.reserved, disk.blobs], [0, 0, 0])
    })

  test('a bomb is stopped', async (t) => {
    const { cache } = await startPair(t, { config: { storage: { max_size: '1GiB' } } })
    const bomb = zstdCompressSync(Buffer.alloc(200_000_000))
    assert.ok(bomb.length < 10_000)
    await assert.rejects(bring(cache, bomb), /bomb/)
    assert.deepEqual(await blobFiles(cache.dataDir), [])
  })

  test('what does not fit into the budget is refused, and nothing else leaves for it in vain', async (t) => {
    const { cache } = await startPair(t, { config: { storage: { max_size: '4MiB' } } })
    await assert.rejects(bring(cache, tarOf(content())), /no room/)
    const { disk } = await apiOf(cache).get('/stats', {})
    assert.deepEqual([disk.used, disk.reserved], [0, 0])
  })

  test('sizes that the manifest lies about', async (t) => {
    const { cache } = await startPair(t)
    const [first, ...rest] = image.layers
    assert.ok(first)
    const lie = buildImage({ layers: [{ ...first, size: first.size + 1 }, ...rest] })
    const files = untar(tarOf(content()))
    files.delete(at(image.manifest.digest))
    const index = JSON.stringify({
      manifests: [
        { ...lie.manifest, bytes: undefined, annotations: { 'io.containerd.image.name': 'app:1' } },
      ],
    })
    files.set('index.json', Buffer.from(index))
    files.set(at(lie.manifest.digest), lie.manifest.bytes)
    files.set(at(lie.config.digest), lie.config.bytes)
    await assert.rejects(
      bring(cache, tarOf([...files].map(([path, bytes]) => ({ path, bytes })))),
      /bytes, and the manifest/,
    )
    assert.deepEqual(await blobFiles(cache.dataDir), [])
  })

  test('is answered over the network before all of it was sent', async (t) => {
    const { cache } = await startConsole(t)
    const headers = { authorization: basic('carol', PASSWORDS.carol), 'content-type': 'application/x-tar' }
    const ask = { method: 'POST', headers, lint: false }
    const small = await cache.fetch('/api/v1/import', { ...ask, body: 'no archive' })
    assert.equal(small.status, 400)
    const junk = tarOf([
      { path: '../x', bytes: 'x' },
      { path: 'large', bytes: Buffer.alloc(40_000_000, 'x') },
    ])
    const large = await cache.fetch('/api/v1/import', { ...ask, body: junk })
    assert.match(large.body.toString(), /leads out of it/)
    const good = await cache.fetch('/api/v1/import', { ...ask, body: tarOf(content()) })
    assert.match(good.body.toString(), /"type":"result"/)
    const log = await cache.fetch('/api/v1/audit', {
      headers: { authorization: basic('alice', PASSWORDS.alice) },
      lint: false,
    })
    assert.match(log.body.toString(), /"import","target":"docker\.io\/library\/app:1"/)
  })

  test('who leaves in the middle leaves nothing', async (t) => {
    const { cache } = await startPair(t)
    const archive = tarOf(content())
    const leaving = new AbortController()
    async function* slowly() {
      yield archive.subarray(0, 3_000_000)
      await eventually('a part grows', async () => (await parts(cache.dataDir)).length > 0)
      leaving.abort()
      yield archive.subarray(3_000_000, 3_000_100)
    }
    const asked = apiOf(cache).upload(
      '/import',
      {},
      { body: Readable.from(slowly()), size: archive.length, signal: leaving.signal },
    )
    await assert.rejects(async () => {
      for await (const line of asked) void line
    })
    await eventually('no part is left', async () => (await parts(cache.dataDir)).length === 0)
    await eventually(
      'no room is kept',
      async () => (await apiOf(cache).get('/stats', {})).disk.reserved === 0,
    )
    await bring(cache, archive)
    await assertServed(cache, image)
  })
})
