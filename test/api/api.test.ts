import assert from 'node:assert/strict'
import { once } from 'node:events'
import { lstat } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { socketAddress } from '../../src/api/socket.ts'
import { DAY, HOUR } from '../../src/domain/clock.ts'
import {
  addBlob,
  assertNoParts,
  blobPath,
  digestOf,
  eventually,
  MIB,
  manifestPath,
  pull,
} from '../e2e/support.ts'
import { apiOf, pullImage } from '../jobs/support.ts'
import { type Cachalot, startCachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { bytesContent } from '../support/fake-content.ts'

interface Answer {
  readonly status: number
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | undefined
}

/** A request as nobody's client would send it. */
async function ask(cache: Cachalot, method: string, path: string, body = ''): Promise<Answer> {
  const asked = request({
    socketPath: socketAddress(cache.dataDir).path,
    method,
    path: `/api/v1${path}`,
    agent: false,
    headers: { 'content-length': Buffer.byteLength(body) },
  })
  asked.end(body)
  const [response] = await once(asked, 'response')
  const words = await text(response)
  const json: { error?: Answer['error'] } = words.startsWith('{')
    ? JSON.parse(words.split('\n')[0] ?? '')
    : {}
  return { status: response.statusCode, error: json.error }
}

suite('the management API', () => {
  test('says what is wrong with a request, with a code and a hint', async (t) => {
    const { cache } = await startPair(t)
    for (const [method, path, body, code, words] of [
      ['POST', '/gc', '{"free": -1}', 'bad_request', /free/],
      ['POST', '/gc', '{"free": 1, "to": 2}', 'bad_request', /one goal/],
      ['POST', '/gc', '{"fre": 1}', 'bad_request', /fre/],
      ['POST', '/gc', '{nonsense', 'bad_request', /no JSON/],
      ['POST', '/remove', '{}', 'bad_request', /names, or a filter/],
      ['POST', '/remove', '{"names":["../../etc"]}', 'name_unknown', /no upstream/],
      ['POST', '/remove', `{"names":["a:${'x'.repeat(200)}"]}`, 'tag_invalid', /tag/],
      ['GET', '/images?filter=idel:3d', '', 'bad_request', /idel/],
      ['GET', '/images?sort=beauty', '', 'bad_request', /beauty/],
      ['GET', '/images?cursor=nonsense', '', 'bad_request', /cursor/],
      ['GET', '/images?limit=0', '', 'bad_request', /limit/],
      ['GET', '/image?name=nginx', '', 'manifest_unknown', /not cached/],
      ['GET', '/image?name=unknown.example/a', '', 'name_unknown', /unknown\.example/],
      ['GET', '/lookup', '', 'bad_request', /name/],
      ['PUT', '/pins', '{"match":["a b"]}', 'bad_request', /blanks/],
      ['PUT', '/pins', '{"match":["a"],"until":5}', 'bad_request', /ended/],
      ['DELETE', '/pins', '{"match":["never"]}', 'not_found', /not pinned/],
      ['POST', '/verify', '{"names":["nginx:1"]}', 'not_found', /not cached/],
    ] as const) {
      const { error, status } = await ask(cache, method, path, body)
      assert.equal(error?.code, code, `${method} ${path} ${body}: ${JSON.stringify(error)}`)
      assert.match(error?.message ?? '', words)
      assert.ok((error?.hint ?? '').length > 0)
      assert.ok(status >= 400 && status < 500)
    }
    assert.equal((await ask(cache, 'GET', '/nothing')).status, 404)
    assert.equal((await ask(cache, 'PATCH', '/pins')).status, 405)
    assert.equal((await ask(cache, 'POST', '/gc', ' '.repeat(2 * MIB))).error?.code, 'bad_request')
  })

  test('is for the user of the server alone, and on its port for who logs in', async (t) => {
    const { cache } = await startPair(t)
    const { mode } = await lstat(join(cache.dataDir, 'cachalot.sock'))
    assert.equal(mode & 0o777, 0o600)
    assert.equal((await cache.fetch('/api/v1/stats', { lint: false })).status, 401)
  })

  test('moves to the process that takes the folder over', async (t) => {
    const { hub, cache } = await startPair(t)
    const second = await startCachalot(t, { hub, dataDir: cache.dataDir })
    assert.equal(second.app.ownsData, false)
    await cache.close()
    await eventually('the second one owns the folder', () => second.app.ownsData)
    await eventually('and answers', async () => {
      const answer = await ask(second, 'GET', '/stats').catch(() => undefined)
      return answer?.status === 200
    })
  })

  test('asks no upstream when somebody looks', async (t) => {
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [1000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    await hub.stop()
    const api = apiOf(cache)
    assert.equal((await api.get('/image', { name: 'app:1' })).image.total, 3 * 4096)
    assert.equal((await api.get('/lookup', { name: 'app:1' })).cached, 'complete')
    assert.equal((await api.get('/lookup', { name: 'app:2' })).cached, 'no')
    assert.equal((await api.get('/repositories', {})).items.length, 1)
    await api.get('/stats', {})
    assert.equal(cache.log.find('warn').length, 0)
  })
})

test('numbers of an image follow what is done with it', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  const api = apiOf(cache)
  const base = addBlob(hub, 40_000, 'library/one')
  const one = hub.addImage('library/one', { tags: ['1', 'latest'], layers: [100_000] })
  const two = hub.addImage('library/two', { tags: ['1'], layers: [100_001] })
  await pullImage(cache, one, { repo: 'library/one', tag: '1' })
  clock.advance(HOUR)
  await pullImage(cache, two, { repo: 'library/two', tag: '1' })
  await pull(cache, base, 'library/one')
  await assertNoParts(cache.dataDir)
  const rows = (await api.get('/images', { sort: '-lastUsed' })).items
  assert.deepEqual(
    rows.map(({ name, pulls }) => [name, pulls]),
    [
      ['docker.io/library/two:1', 1],
      ['docker.io/library/one:1', 1],
    ],
  )
  clock.advance(DAY)
  await cache.fetch(manifestPath('1', 'library/one'), { method: 'HEAD' })
  await cache.fetch(manifestPath('1', 'library/one'))
  const [first] = (await api.get('/images', { sort: '-lastUsed' })).items
  assert.equal(first?.name, 'docker.io/library/one:1')
  assert.equal(first.pulls, 2, 'a HEAD is a use, but no pull')
  assert.equal(first.lastUsed, clock())
  const repository = (await api.get('/repositories', { q: 'one' })).items[0]
  assert.equal(
    repository?.total,
    first.total + 40_960,
    'a blob that was pulled by itself counts for its repository',
  )
  assert.equal((await api.get('/images', { filter: 'idle:12h' })).total, 1)
  assert.equal((await api.get('/images', { filter: 'pinned' })).total, 0)
  const { traffic } = await api.get('/stats', { since: 0 })
  assert.equal(traffic.length, 1)
  assert.ok((traffic[0]?.requests ?? 0) >= 9)
  assert.ok((traffic[0]?.fetched ?? 0) >= 240_000)
})

test('an image is fetched without a client, for the platforms that are asked for', async (t) => {
  const { hub, cache } = await startPair(t)
  const index = hub.addIndex('library/app', { tags: ['1'], image: { layers: [200_000] } })
  const api = apiOf(cache)
  const fetched = []
  for await (const line of api.stream('/fetch', { names: ['app:1'], platforms: ['linux/arm64'] }))
    if (line.type === 'result') fetched.push(...line.result)
  assert.deepEqual(
    fetched.map(({ name, platforms, blobs, before }) => ({ name, platforms, blobs, before })),
    [{ name: 'docker.io/library/app:1', platforms: ['linux/arm64/v8'], blobs: 2, before: 0 }],
  )
  await assertNoParts(cache.dataDir)
  hub.requests.clear()
  const arm = index.images[1]
  assert.ok(arm)
  for (const blob of [arm.config, ...arm.layers])
    assert.equal((await cache.fetch(blobPath(blob.digest))).headers['x-cache'], 'hit')
  assert.equal(hub.requests.count(), 0)
  const detail = await api.get('/image', { name: 'app:1' })
  assert.deepEqual(
    detail.platforms.map(({ platform, state }) => [platform, state]),
    [
      ['linux/amd64', 'absent'],
      ['linux/arm64/v8', 'complete'],
    ],
  )
  await assert.rejects(async () => {
    for await (const line of api.stream('/fetch', { names: ['app:1'], platforms: ['plan9/mips'] }))
      assert.equal(line.type, 'progress')
  }, /linux\/amd64, linux\/arm64\/v8/)
})

suite('hostile images', () => {
  test('do not reach for the terminal of whoever looks', async (t) => {
    const { hub, cache } = await startPair(t)
    const nasty = '\u001b]0;pwned\u0007'
    const config = Buffer.from(JSON.stringify({ os: `li${nasty}nux`, architecture: `amd\t64` }))
    const configDigest = digestOf(config)
    hub.putBlob('library/app', configDigest, bytesContent(config))
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { mediaType: `a/${nasty}`, digest: configDigest, size: config.length },
        layers: [],
      }),
    )
    hub.addManifest('library/app', {
      bytes: manifest,
      digest: digestOf(manifest),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      tags: ['1'],
    })
    await cache.fetch(manifestPath('1'))
    await cache.fetch(blobPath(configDigest))
    await assertNoParts(cache.dataDir)
    const detail = await apiOf(cache).get('/image', { name: 'app:1' })
    assert.equal(detail.platforms[0]?.platform, undefined)
    const types = Object.values(detail.layers).flatMap((rows) => rows.map(({ mediaType }) => mediaType))
    assert.deepEqual(types, [undefined])
  })

  test('are not read whole because a manifest calls a layer its config', async (t) => {
    const { hub, cache } = await startPair(t)
    const layer = addBlob(hub, 24 * MIB)
    const manifest = Buffer.from(
      JSON.stringify({ schemaVersion: 2, config: { digest: layer.digest, size: 2 }, layers: [] }),
    )
    hub.addManifest('library/app', {
      bytes: manifest,
      digest: digestOf(manifest),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      tags: ['1'],
    })
    await cache.fetch(manifestPath('1'))
    await pull(cache, layer)
    await assertNoParts(cache.dataDir)
    const before = process.memoryUsage().arrayBuffers
    assert.equal((await apiOf(cache).get('/image', { name: 'app:1' })).platforms[0]?.platform, undefined)
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 * MIB)
  })
})
