import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { ApiFailure } from '../../src/api/client.ts'
import type { ExportPlan } from '../../src/api/contract-packages.ts'
import { digestOf } from '../../src/domain/digest.ts'
import { basic } from '../auth/support.ts'
import { eventually } from '../e2e/support.ts'
import { apiOf, pullImage } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import { buildLayer } from '../support/oci-image.ts'
import { PASSWORDS, startConsole } from '../ui/console.ts'
import { exportOf, give, jsonIn, untar } from './support.ts'

const APP = 'docker.io/library/app'

interface LayoutIndex {
  readonly manifests: readonly {
    readonly mediaType: string
    readonly digest: string
    readonly platform?: object
    readonly annotations: Readonly<Record<string, string>>
  }[]
}

// Both are as our own archives have them.
const layoutIn = (files: ReadonlyMap<string, Buffer>) =>
  (jsonIn(files, 'index.json') as LayoutIndex).manifests
const jsonList = (files: ReadonlyMap<string, Buffer>) => jsonIn(files, 'manifest.json') as unknown[]

const hexPath = (digest: string): string => `blobs/${digest.replace(':', '/')}`

suite('an image as an archive', () => {
  test('has all its bytes as they are, under both kinds of names, in as many bytes as were said', async (t) => {
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [100_000, 700] })
    const { status, headers, body, complete } = await exportOf(cache, 'app:1')
    assert.deepEqual([status, complete, headers['content-type']], [200, true, 'application/x-tar'])
    assert.equal(headers['content-disposition'], 'attachment; filename="app_1_linux-amd64.tar"')
    assert.equal(Number(headers['content-length']), body.length)
    assert.equal(body.length % 512, 0)
    const files = untar(body)
    assert.deepEqual(files.get(hexPath(image.manifest.digest)), image.manifest.bytes)
    assert.deepEqual(files.get(hexPath(image.config.digest)), image.config.bytes)
    for (const { digest, content } of image.layers)
      assert.deepEqual(files.get(hexPath(digest)), contentBytes(content))
    assert.equal(files.get('oci-layout')?.toString(), '{"imageLayoutVersion":"1.0.0"}')
    const [entry] = layoutIn(files)
    assert.equal(entry?.digest, image.manifest.digest)
    assert.deepEqual(entry?.annotations, {
      'io.containerd.image.name': `${APP}:1`,
      'org.opencontainers.image.ref.name': `${APP}:1`,
    })
    assert.deepEqual(jsonIn(files, 'manifest.json'), [
      {
        Config: hexPath(image.config.digest),
        RepoTags: [`${APP}:1`],
        Layers: image.layers.map(({ digest }) => hexPath(digest)),
      },
    ])
    // Nothing else, and nothing twice.
    assert.equal(files.size, 4 + 1 + 1 + image.layers.length)
  })

  test('is the same bytes in every cache and whatever the order, and layers that are shared are in it once', async (t) => {
    const shared = buildLayer(300_000)
    const first = await startPair(t)
    const second = await startPair(t)
    const images = ['a', 'b'].map((repo) =>
      first.hub.addImage(`library/${repo}`, { tags: ['1'], layers: [shared, 900] }),
    )
    for (const [at, repo] of ['a', 'b'].entries()) {
      const image = images[at]
      assert.ok(image)
      second.hub.putImage(`library/${repo}`, image, ['1'])
      await pullImage(second.cache, image, { repo: `library/${repo}`, tag: '1' })
    }
    const one = await exportOf(first.cache, 'a:1', 'b:1')
    const other = await exportOf(second.cache, 'b:1', 'a:1', 'docker.io/library/b:1')
    assert.ok(one.complete && one.status === 200)
    assert.equal(digestOf(one.body), digestOf(other.body))
    assert.equal(one.headers['etag'], other.headers['etag'])
    assert.equal(one.headers['content-disposition'], 'attachment; filename="images-2.tar"')
    const paths = [...untar(one.body).keys()]
    assert.equal(paths.filter((path) => path === hexPath(shared.digest)).length, 1)
    assert.ok(one.body.length < 2 * shared.size)
  })

  test('tells its SHA-256 once it was read to its end, or when it is asked to work it out', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/app', { tags: ['1', '2'] })
    hub.addImage('library/other', { tags: ['1'] })
    const plan = (query: string) => apiOf(cache).get('/export/plan', { name: query })
    const before = await plan('app:1')
    assert.deepEqual([before.sha256, before.missing > 30_000, before.blobs], [undefined, true, 3])
    const { body, headers } = await exportOf(cache, 'app:1')
    assert.equal(headers['x-checksum-sha256'], undefined)
    // What is received is not written down yet.
    await eventually('all is here', async () => (await plan('app:1')).missing === 0)
    const after = await plan('app:1')
    const sha256 = createHash('sha256').update(body).digest('hex')
    assert.deepEqual([after.sha256, after.missing, after.size], [sha256, 0, body.length])
    assert.equal((await exportOf(cache, 'app:1')).headers['x-checksum-sha256'], sha256)
    const asked = await apiOf(cache).get('/export/plan', { name: ['other:1'], checksum: 'compute' })
    const other = await exportOf(cache, 'other:1')
    assert.equal(asked.sha256, createHash('sha256').update(other.body).digest('hex'))
  })

  test('goes on from any byte, also in the middle of headers, content and padding', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/app', { tags: ['1'], layers: [5000, 3_000_001] })
    const whole = await exportOf(cache, 'app:1')
    const etag = String(whole.headers['etag'])
    const size = whole.body.length
    const starts = [1, 511, 4096, 7000, size - 3_000_000, size - 2048, size - 1025, size - 1]
    for (const start of starts) {
      const headers = { range: `bytes=${start}-`, 'if-range': etag }
      const rest = await give(cache, '/export?name=app:1', { headers })
      assert.equal(rest.status, 206)
      assert.equal(rest.headers['content-range'], `bytes ${start}-${size - 1}/${size}`)
      assert.ok(rest.body.equals(whole.body.subarray(start)), `from ${start}`)
    }
    const some = await give(cache, '/export?name=app:1', { headers: { range: 'bytes=600-9000' } })
    assert.ok(some.body.equals(whole.body.subarray(600, 9001)))
    const last = await give(cache, '/export?name=app:1', { headers: { range: 'bytes=-100' } })
    assert.ok(last.body.equals(whole.body.subarray(-100)))
    const far = await give(cache, '/export?name=app:1', { headers: { range: `bytes=${size}-` } })
    assert.deepEqual([far.status, far.headers['content-range']], [416, `bytes */${size}`])
    const other = { range: 'bytes=600-', 'if-range': '"another"' }
    assert.equal((await give(cache, '/export?name=app:1', { headers: other })).status, 200)
    const head = await give(cache, '/export?name=app:1', { method: 'HEAD' })
    assert.deepEqual(
      [head.status, head.headers['content-length'], head.headers['etag'], head.body.length],
      [200, String(size), etag, 0],
    )
  })

  test('a range of what is not here yet is whole and right, too', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/app', { tags: ['1'], layers: [4_000_000] })
    const plan = await apiOf(cache).get('/export/plan', { name: 'app:1' })
    const start = plan.size - 2_000_000
    const rest = await give(cache, '/export?name=app:1', { headers: { range: `bytes=${start}-` } })
    const whole = await exportOf(cache, 'app:1')
    assert.ok(rest.status === 206 && rest.body.equals(whole.body.subarray(start)))
  })
})

suite('an archive that is sent while it is fetched', () => {
  test('begins before its content is here', async (t) => {
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [6_000_000] })
    const [layer] = image.layers
    assert.ok(layer)
    const paused = Promise.withResolvers<void>()
    hub.bandwidth = 3_000_000
    let isHalf = false
    const asked = give(cache, '/export?name=app:1', {
      more: (bytes) => {
        if (isHalf || bytes < 1_500_000) return
        isHalf = true
        hub.freeze()
        paused.resolve()
      },
    })
    await paused.promise
    // The upstream is silent now, and has not sent the layer yet.
    const { missing } = await apiOf(cache).get('/export/plan', { name: 'app:1' })
    assert.ok(missing >= layer.size, `${missing} bytes are missing`)
    hub.bandwidth = undefined
    hub.thaw()
    const { body, complete, headers } = await asked
    assert.ok(complete)
    assert.equal(body.length, Number(headers['content-length']))
    assert.deepEqual(untar(body).get(hexPath(layer.digest)), contentBytes(layer.content))
  })

  for (const [what, fault] of [
    ['damaged', { corruptAt: 1_000_000 }],
    ['too long', { extraBytes: 10, contentLength: 'omit' }],
  ] as const)
    test(`is cut where content is ${what} at the upstream`, async (t) => {
      const { hub, cache } = await startPair(t)
      const { layers } = hub.addImage('library/app', { tags: ['1'], layers: [2_000_000] })
      hub.faults.add({ when: { kind: 'blob', ref: layers[0]?.digest ?? '' }, fault })
      const { status, body, complete, headers } = await exportOf(cache, 'app:1')
      assert.deepEqual([status, complete], [200, false])
      assert.ok(
        body.length < Number(headers['content-length']) - 1024,
        'the last byte of the layer is missing',
      )
      const { sha256 } = await apiOf(cache).get('/export/plan', { name: 'app:1' })
      assert.equal(sha256, undefined)
    })

  test('is whole where a download is cut and taken up again', async (t) => {
    const { hub, cache } = await startPair(t)
    const { layers } = hub.addImage('library/app', { tags: ['1'], layers: [2_000_000] })
    hub.faults.add({
      when: { kind: 'blob', ref: layers[0]?.digest ?? '' },
      fault: { truncateAfter: 1_000_000 },
    })
    const { body, complete } = await exportOf(cache, 'app:1')
    assert.ok(complete && layers[0] !== undefined)
    assert.deepEqual(untar(body).get(hexPath(layers[0].digest)), contentBytes(layers[0].content))
  })

  test('is cut where content has another size than its manifest says', async (t) => {
    const { hub, cache } = await startPair(t)
    const layer = buildLayer(5000)
    hub.addImage('library/app', { tags: ['1'], layers: [{ ...layer, size: 6000 }] })
    const { complete } = await exportOf(cache, 'app:1')
    assert.equal(complete, false)
  })

  test('ends its downloads when its client leaves', async (t) => {
    const { hub, cache } = await startPair(t, { abandonGrace: 0 })
    hub.addImage('library/app', { tags: ['1'], layers: [9_000_000, 9_000_000] })
    hub.bandwidth = 2_000_000
    const asked = await apiOf(cache).open('/export', { name: 'app:1' })
    for await (const chunk of asked) {
      assert.ok((chunk as Buffer).length > 0) // a response without an encoding
      break
    }
    asked.destroy()
    hub.bandwidth = undefined
    const { body, complete } = await exportOf(cache, 'app:1')
    assert.ok(complete && body.length > 18_000_000)
  })
})

suite('an image for several platforms', () => {
  const plan = (t: Parameters<typeof startPair>[0]) =>
    startPair(t).then(({ hub, cache }) => ({
      hub,
      cache,
      ask: (platform?: string): Promise<ExportPlan> =>
        apiOf(cache).get('/export/plan', {
          name: 'multi:1',
          ...(platform === undefined ? {} : { platform }),
        }),
    }))

  test('gives the one that is asked for, and says of which index it is', async (t) => {
    const { hub, cache, ask } = await plan(t)
    const { manifest, images } = hub.addIndex('library/multi', { tags: ['1'] })
    const [amd, arm] = images
    assert.deepEqual(
      (await ask('linux/arm64')).images.map(({ digest, platforms }) => [digest, platforms]),
      [[arm?.manifest.digest, ['linux/arm64/v8']]],
    )
    const { body, headers } = await give(cache, '/export?name=multi:1&platform=linux/arm64/v8')
    assert.equal(headers['content-disposition'], 'attachment; filename="multi_1_linux-arm64-v8.tar"')
    const files = untar(body)
    const [entry] = layoutIn(files)
    assert.equal(entry?.digest, arm?.manifest.digest)
    assert.deepEqual(entry?.platform, { architecture: 'arm64', os: 'linux', variant: 'v8' })
    assert.equal(entry?.annotations['dev.cachalot.index'], manifest.digest)
    assert.deepEqual(files.get(hexPath(manifest.digest)), manifest.bytes)
    assert.equal(files.has(hexPath(amd?.manifest.digest ?? '')), false)
  })

  test('gives all of them with their index', async (t) => {
    const { hub, cache, ask } = await plan(t)
    const { manifest, images } = hub.addIndex('library/multi', { tags: ['1'] })
    assert.deepEqual((await ask('all')).images[0]?.platforms, ['linux/amd64', 'linux/arm64/v8'])
    const { body } = await give(cache, '/export?name=multi:1&platform=all')
    const files = untar(body)
    const entries = layoutIn(files)
    assert.deepEqual(
      entries.map(({ digest }) => digest),
      [manifest.digest],
    )
    for (const image of images)
      for (const { digest } of [image.manifest, image.config, ...image.layers])
        assert.ok(files.has(hexPath(digest)))
    // Tools that know one platform only get one.
    assert.equal(jsonList(files).length, 1)
  })

  test('says what there is where the one that is asked for is not', async (t) => {
    const { hub, cache, ask } = await plan(t)
    hub.addIndex('library/multi', { tags: ['1'], platforms: ['linux/s390x', 'linux/arm/v7'] })
    hub.addImage('library/one', { tags: ['1'], platform: 'linux/arm64' })
    for (const wanted of [ask('linux/arm/v6'), ask('windows/amd64'), ask()])
      await assert.rejects(
        wanted,
        (error) =>
          error instanceof ApiFailure &&
          error.status === 404 &&
          /linux\/s390x, linux\/arm\/v7/.test(error.message),
      )
    const one = (platform: string) => apiOf(cache).get('/export/plan', { name: 'one:1', platform })
    await assert.rejects(one('linux/amd64'), /there are linux\/arm64/)
    assert.deepEqual((await one('linux/arm64/v8')).images[0]?.platforms, ['linux/arm64'])
    await assert.rejects(ask('nonsense'), /is no platform/)
  })
})

suite('who may have an archive', () => {
  test('is who may pull all of it', async (t) => {
    const rule = [{ effect: 'deny', match: ['docker.io/secret/**'], users: ['bob'] }]
    const { hub, cache } = await startConsole(t, { rule })
    hub.addImage('library/app', { tags: ['1'] })
    hub.addImage('secret/app', { tags: ['1'] })
    const both = '/api/v1/export?name=app:1&name=secret/app:1'
    const statusOf = async (path: string, user: 'alice' | 'bob') => {
      const headers = { authorization: basic(user, PASSWORDS[user]) }
      return (await cache.fetch(path, { headers, lint: false })).status
    }
    assert.equal(await statusOf(both, 'bob'), 403)
    assert.equal(await statusOf('/api/v1/export?name=app:1', 'bob'), 200)
    assert.equal(await statusOf(both, 'alice'), 200)
    assert.equal((await cache.fetch(both, { lint: false })).status, 401)
    const body = (await cache.fetch('/api/v1/import', { method: 'POST', lint: false })).status
    assert.equal(body, 401)
    const headers = { authorization: basic('bob', PASSWORDS.bob) }
    const asked = await cache.fetch('/api/v1/import', { method: 'POST', headers, body: 'x', lint: false })
    assert.equal(asked.status, 403)
  })

  test('unknown names, registries and malformed ones are told apart', async (t) => {
    const { cache } = await startPair(t)
    const statusOf = async (name: string) => (await exportOf(cache, name)).status
    assert.deepEqual(
      [await statusOf('none:1'), await statusOf('quay.io/a/b:1'), await statusOf('app@sha256:a')],
      [404, 404, 400],
    )
    assert.equal((await give(cache, '/export')).status, 400)
  })
})
