import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MIB } from '../../src/domain/units.ts'
import { contentBytes } from '../support/fake-content.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import type { BuiltImage, BuiltLayer } from '../support/oci-image.ts'
import { tempDir } from '../support/temp.ts'
import { type Cache, startCache } from './cache.ts'
import { openWire, type Reply, type Wire } from './wire.ts'

/** Accept of containerd's resolver; Docker's containerd store and BuildKit send the same. */
const CONTAINERD_ACCEPT =
  'application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*'
const CONTAINERD_CODINGS = { 'Accept-Encoding': 'zstd;q=1.0, gzip;q=0.8, deflate;q=0.5' }
const CONTAINERD = { 'User-Agent': 'containerd/v2.1.4', Accept: CONTAINERD_ACCEPT }
const DOCKER_29 = {
  'User-Agent': 'docker/29.0.0 containerd-client/v2.1.4 storage-driver/overlayfs',
  Accept: CONTAINERD_ACCEPT,
}
const BUILDKIT = { 'User-Agent': 'buildkit/v0.25', Accept: CONTAINERD_ACCEPT }
const DOCKER_OVERLAY2 = {
  'User-Agent':
    'docker/27.5.1 go/go1.22.11 kernel/6.1.0 os/linux arch/amd64 UpstreamClient(Docker-Client/27.5.1 \\(linux\\))',
  Accept: CONTAINERD_ACCEPT.replace(', */*', ''),
}
const PODMAN = { 'User-Agent': 'containers/5.34.2 (github.com/containers/image)' }
const CRANE = { 'User-Agent': 'go-containerregistry/v0.20.2' }

const OTHER = 'reg.example.com:8443'

interface Scene {
  readonly hub: FakeUpstream
  readonly ghcr: FakeUpstream
  readonly other: FakeUpstream
  readonly cache: Cache
  /** How many requests reached any upstream so far. */
  asked(): number
  /** Opens a client that is closed with the test. */
  wire(t: TestContext, headers: Record<string, string>): Wire
}

async function openScene(t: TestContext): Promise<Scene> {
  const [hub, ghcr, other] = [await startFakeUpstream(), await startFakeUpstream(), await startFakeUpstream()]
  for (const upstream of [hub, ghcr, other]) t.after(() => upstream.close())
  const cache = await startCache({
    dir: await tempDir(t),
    upstreams: [
      {
        name: 'docker.io',
        url: hub.url,
        default: true,
        aliases: ['index.docker.io', 'registry-1.docker.io'],
      },
      { name: 'ghcr.io', url: ghcr.url, aliases: ['ghcr'] },
      { name: OTHER, url: other.url },
    ],
  })
  t.after(() => cache[Symbol.asyncDispose]())
  return {
    hub,
    ghcr,
    other,
    cache,
    asked: () => hub.requests.count() + ghcr.requests.count() + other.requests.count(),
    wire(t, headers) {
      const wire = openWire(cache.url, headers)
      t.after(() => wire.close())
      return wire
    },
  }
}

/** What stands around the repository in every path of one client. */
interface Shape {
  /** "/v2/library/app" */
  readonly base: string
  /** "?ns=docker.io" or "" */
  readonly query: string
}

/** HEAD of the tag, then everything by digest, as containerd and what is built on it pull. */
async function pullAsContainerd(wire: Wire, { base, query }: Shape, image: BuiltImage): Promise<void> {
  const head = await wire.ask({ method: 'HEAD', path: `${base}/manifests/1${query}` })
  assert.equal(head.status, 200)
  const digest = String(head.headers['docker-content-digest'])
  assert.equal(digest, image.manifest.digest)
  const manifest = await wire.ask({ path: `${base}/manifests/${digest}${query}` })
  assert.deepEqual(manifest.body, image.manifest.bytes)
  assert.equal(manifest.headers['content-type'], image.manifest.mediaType)
  const blobs = [image.config, ...image.layers].map((blob) =>
    wire.ask({ path: `${base}/blobs/${blob.digest}${query}`, headers: CONTAINERD_CODINGS }),
  )
  for (const blob of await Promise.all(blobs)) assert.deepEqual([blob.status, blob.whole], [200, true])
}

function blobPath({ base, query }: Shape, layer: BuiltLayer): string {
  return `${base}/blobs/${layer.digest}${query}`
}

function onlyLayer(image: BuiltImage): BuiltLayer {
  const [layer] = image.layers
  assert(layer !== undefined)
  return layer
}

function blobBytes(upstream: FakeUpstream, layer: BuiltLayer): number {
  return upstream.requests.bytes({ kind: 'blob', ref: layer.digest })
}

function errorCode(reply: Reply): string {
  // Its shape was checked when it came.
  return (JSON.parse(reply.body.toString()) as { errors: [{ code: string }] }).errors[0].code
}

void test('clients that Debian does not have, replayed', async (t) => {
  const scene = await openScene(t)
  const { hub, ghcr, other } = scene

  await t.test(
    'Docker with the overlay2 store pulls through a mirror, then repeats with one HEAD',
    async (t) => {
      const wire = scene.wire(t, DOCKER_OVERLAY2)
      const { manifest, images } = hub.addIndex('library/overlay2', { tags: ['1'] })
      const [image] = images
      assert(image !== undefined)
      const base = '/v2/library/overlay2'
      assert.equal((await wire.ask({ path: '/v2/' })).status, 200)
      const head = await wire.ask({ method: 'HEAD', path: `${base}/manifests/1` })
      assert.equal(head.headers['docker-content-digest'], manifest.digest)
      assert.equal(Number(head.headers['content-length']), manifest.size)
      assert.deepEqual(
        (await wire.ask({ path: `${base}/manifests/${manifest.digest}` })).body,
        manifest.bytes,
      )
      await wire.ask({ path: `${base}/manifests/${image.manifest.digest}` })
      await wire.ask({ path: `${base}/blobs/${image.config.digest}` })
      await Promise.all(image.layers.map((layer) => wire.ask({ path: `${base}/blobs/${layer.digest}` })))
      const asked = scene.asked()
      assert.equal((await wire.ask({ path: '/v2/' })).status, 200)
      assert.equal(
        (await wire.ask({ method: 'HEAD', path: `${base}/manifests/1` })).headers['x-cache'],
        'hit',
      )
      assert.equal(scene.asked(), asked)
      assert.equal(hub.requests.count({ repo: 'library/overlay2', ref: images[1]?.manifest.digest ?? '' }), 0)
    },
  )

  await t.test('Docker 29 with the containerd store pulls with ns and never gets a coded body', async (t) => {
    const image = hub.addImage('library/docker29', { tags: ['1'], layers: 3 })
    const shape = { base: '/v2/library/docker29', query: '?ns=docker.io' }
    await pullAsContainerd(scene.wire(t, DOCKER_29), shape, image)
    const codings = hub.requests
      .list({ kind: 'blob', repo: 'library/docker29' })
      .map((r) => r.headers['accept-encoding'])
    assert.deepEqual(
      codings.filter((coding) => coding !== undefined && coding !== 'identity'),
      [],
    )
    for (const layer of image.layers) assert.equal(blobBytes(hub, layer), layer.size)
  })

  await t.test('every spelling of one name reaches one cache entry', async (t) => {
    const image = hub.addImage('library/one', { tags: ['1'] })
    await pullAsContainerd(
      scene.wire(t, CONTAINERD),
      { base: '/v2/library/one', query: '?ns=docker.io' },
      image,
    )
    const asked = scene.asked()
    const spellings: [string, Record<string, string>, Shape][] = [
      ['k3s with a path', CONTAINERD, { base: '/v2/docker.io/library/one', query: '?ns=docker.io' }],
      ['BuildKit with a path', BUILDKIT, { base: '/v2/docker.io/library/one', query: '?ns=docker.io' }],
      ['Docker with a path', DOCKER_OVERLAY2, { base: '/docker.io/v2/library/one', query: '' }],
      ['containerd with a path', CONTAINERD, { base: '/docker.io/v2/library/one', query: '?ns=docker.io' }],
      ['a direct pull', DOCKER_OVERLAY2, { base: '/v2/one', query: '' }],
      ['an alias', CONTAINERD, { base: '/v2/registry-1.docker.io/library/one', query: '' }],
    ]
    for (const [name, headers, shape] of spellings) {
      await t.test(name, (t) => pullAsContainerd(scene.wire(t, headers), shape, image))
    }
    assert.equal(scene.asked(), asked)
    assert.equal((await scene.wire(t, DOCKER_OVERLAY2).ask({ path: '/docker.io/v2/' })).status, 200)
  })

  await t.test('BuildKit names a registry with a port in ns, percent-encoded', async (t) => {
    const image = other.addImage('team/app', { tags: ['1'] })
    const query = '?ns=reg.example.com%3A8443'
    const before = hub.requests.count()
    await pullAsContainerd(scene.wire(t, BUILDKIT), { base: '/v2/team/app', query }, image)
    const asked = scene.asked()
    await pullAsContainerd(scene.wire(t, BUILDKIT), { base: `/v2/${OTHER}/team/app`, query }, image)
    assert.equal(scene.asked(), asked)
    assert.equal(hub.requests.count(), before)
  })

  await t.test('containerd asks for a digest under manifests first, then under blobs', async (t) => {
    const image = ghcr.addImage('org/by-digest', { tags: ['1'] })
    const layer = onlyLayer(image)
    const wire = scene.wire(t, CONTAINERD)
    const manifest = await wire.ask({
      method: 'HEAD',
      path: `/v2/org/by-digest/manifests/${layer.digest}?ns=ghcr.io`,
    })
    assert.equal(manifest.status, 404)
    const blob = await wire.ask({
      method: 'HEAD',
      path: `/v2/org/by-digest/blobs/${layer.digest}?ns=ghcr.io`,
    })
    assert.equal(blob.status, 200)
    assert.equal(Number(blob.headers['content-length']), layer.size)
    assert.equal(blobBytes(ghcr, layer), 0, 'HEAD moved a body')
  })

  await t.test(
    'containerd 2 reads a cold blob in open-ended ranges, 8 at once, each closed after 1 MiB',
    async (t) => {
      const image = ghcr.addImage('org/parallel', { tags: ['1'], layers: [24 * MIB + 12_345] })
      const layer = onlyLayer(image)
      const wire = scene.wire(t, CONTAINERD)
      const path = blobPath({ base: '/v2/org/parallel', query: '?ns=ghcr.io' }, layer)
      ghcr.bandwidth = 100 * MIB
      const starts = Array.from({ length: Math.ceil(layer.size / MIB) }, (_, i) => i * MIB)
      const chunks = new Map<number, Buffer>()
      const work = async (): Promise<void> => {
        for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
          const headers = { ...CONTAINERD_CODINGS, Range: `bytes=${start}-` }
          const reply = await wire.ask({ path, headers, take: Math.min(MIB, layer.size - start) })
          assert.equal(reply.status, 206)
          assert.equal(reply.headers['content-range'], `bytes ${start}-${layer.size - 1}/${layer.size}`)
          chunks.set(start, reply.body)
        }
      }
      await Promise.all(Array.from({ length: 8 }, work))
      ghcr.bandwidth = undefined
      const bytes = Buffer.concat([...chunks].sort(([a], [b]) => a - b).map(([, chunk]) => chunk))
      assert(bytes.equals(contentBytes(layer.content)), 'the chunks do not make up the blob')
      assert(blobBytes(ghcr, layer) <= layer.size * 1.05, `the upstream sent ${blobBytes(ghcr, layer)} bytes`)
    },
  )

  for (const share of [0.1, 0.5, 0.99]) {
    await t.test(`dockerd resumes a layer it lost at ${share * 100} %`, async (t) => {
      const image = hub.addImage(`library/resume-${share * 100}`, { tags: ['1'], layers: [8 * MIB + 1] })
      const layer = onlyLayer(image)
      const wire = scene.wire(t, DOCKER_OVERLAY2)
      const path = blobPath({ base: `/v2/library/resume-${share * 100}`, query: '' }, layer)
      const first = await wire.ask({ path, take: Math.floor(layer.size * share) })
      const offset = first.body.length
      const rest = await wire.ask({ path, headers: { Range: `bytes=${offset}-` } })
      assert.equal(rest.status, 206)
      assert.equal(rest.headers['content-range'], `bytes ${offset}-${layer.size - 1}/${layer.size}`)
      assert(Buffer.concat([first.body, rest.body]).equals(contentBytes(layer.content)), 'wrong bytes')
      const beyond = await wire.ask({ path, headers: { Range: `bytes=${layer.size}-` } })
      assert.equal(beyond.status, 416)
      assert.equal(beyond.headers['content-range'], `bytes */${layer.size}`)
      assert(blobBytes(hub, layer) <= layer.size * 1.05, `the upstream sent ${blobBytes(hub, layer)} bytes`)
    })
  }

  await t.test('podman notices nothing of an upstream that resets in the middle of a layer', async (t) => {
    const image = ghcr.addImage('org/reset', { tags: ['1'], layers: [8 * MIB] })
    const layer = onlyLayer(image)
    const wire = scene.wire(t, PODMAN)
    ghcr.faults.add({ when: { kind: 'blob', ref: layer.digest }, times: 1, fault: { resetAfter: 3 * MIB } })
    assert.equal((await wire.ask({ path: '/v2/' })).status, 200)
    assert.deepEqual(
      (await wire.ask({ path: '/v2/ghcr.io/org/reset/manifests/1' })).body,
      image.manifest.bytes,
    )
    const reply = await wire.ask({ path: blobPath({ base: '/v2/ghcr.io/org/reset', query: '' }, layer) })
    assert.deepEqual([reply.status, reply.whole, reply.body.length], [200, true, layer.size])
    assert.equal(ghcr.requests.count({ kind: 'blob', ref: layer.digest }), 2)
  })

  await t.test('podman asks for several ranges of a zstd:chunked layer', async (t) => {
    const image = ghcr.addImage('org/chunked', { tags: ['1'], layers: [MIB] })
    const layer = onlyLayer(image)
    const wire = scene.wire(t, PODMAN)
    const path = blobPath({ base: '/v2/ghcr.io/org/chunked', query: '' }, layer)
    const bytes = contentBytes(layer.content)
    for (const state of ['cold', 'warm']) {
      const reply = await wire.ask({ path, headers: { Range: 'bytes=0-99,5000-5099' } })
      if (reply.status === 200) assert(reply.body.equals(bytes), state)
      else
        assert.deepEqual(parseMultipart(reply), [bytes.subarray(0, 100), bytes.subarray(5000, 5100)], state)
    }
    const footer = await wire.ask({ path, headers: { Range: `bytes=${layer.size - 64}-${layer.size - 1}` } })
    assert.deepEqual([footer.status, footer.body], [206, bytes.subarray(-64)])
  })

  await t.test('crane finds type, length and digest in the HEAD of every manifest', async (t) => {
    const wire = scene.wire(t, CRANE)
    const images = [
      ghcr.addImage('org/crane', { tags: ['oci'] }).manifest,
      ghcr.addImage('org/crane', { tags: ['docker'], format: 'docker' }).manifest,
      ghcr.addIndex('org/crane', { tags: ['index'] }).manifest,
      ghcr.addIndex('org/crane', { tags: ['list'], format: 'docker' }).manifest,
    ]
    const headers = { Accept: CONTAINERD_ACCEPT.replaceAll(', ', ',').replace(',*/*', '') }
    for (const [i, tag] of ['oci', 'docker', 'index', 'list'].entries()) {
      const reply = await wire.ask({
        method: 'HEAD',
        path: `/v2/ghcr.io/org/crane/manifests/${tag}`,
        headers,
      })
      const {
        'content-type': type,
        'content-length': length,
        'docker-content-digest': digest,
      } = reply.headers
      const { mediaType, size, digest: expected } = images[i] ?? {}
      assert.deepEqual([type, Number(length), digest], [mediaType, size, expected])
    }
  })

  await t.test('a namespace nobody configured is answered at once and never dialled', async (t) => {
    const asked = scene.asked()
    const reply = await scene
      .wire(t, CONTAINERD)
      .ask({ path: `/v2/x/manifests/1?ns=127.0.0.1%3A${new URL(hub.url).port}` })
    assert.deepEqual([reply.status, errorCode(reply)], [404, 'NAME_UNKNOWN'])
    assert.equal(scene.asked(), asked)
  })

  await t.test("a client's login for Docker Hub stays here", async (t) => {
    const image = hub.addImage('library/login', { tags: ['1'] })
    const wire = scene.wire(t, { ...DOCKER_OVERLAY2, Authorization: 'Basic aHViOnBhc3N3b3Jk' })
    await pullAsContainerd(wire, { base: '/v2/library/login', query: '' }, image)
    const sent = hub.requests.list({ repo: 'library/login' }).map((record) => record.headers.authorization)
    assert.deepEqual(new Set(sent), new Set([undefined]))
  })

  await t.test('a push is refused in words the client understands', async (t) => {
    const reply = await scene
      .wire(t, PODMAN)
      .ask({ method: 'POST', path: '/v2/ghcr.io/org/push/blobs/uploads/' })
    assert.deepEqual([reply.status, errorCode(reply)], [405, 'UNSUPPORTED'])
  })

  await t.test(
    'an upstream that limits us: mirrors get 503 and move on, direct pulls get its 429',
    async (t) => {
      const fault = { status: 429, headers: { 'Retry-After': '7' } }
      const rule = ghcr.faults.add({ when: { repo: 'org/limited' }, fault })
      ghcr.addImage('org/limited', { tags: ['1', '2'] })
      const mirror = await scene.wire(t, CONTAINERD).ask({ path: '/v2/org/limited/manifests/1?ns=ghcr.io' })
      assert.equal(mirror.status, 503)
      const direct = await scene.wire(t, PODMAN).ask({ path: '/v2/ghcr.io/org/limited/manifests/2' })
      assert.deepEqual([direct.status, errorCode(direct)], [429, 'TOOMANYREQUESTS'])
      assert(Number(direct.headers['retry-after']) > 0)
      rule.remove()
    },
  )

  await t.test(
    'an upstream that is down and a name that is not cached: the error names the upstream',
    async (t) => {
      await other.stop()
      const reply = await scene
        .wire(t, CONTAINERD)
        .ask({ path: `/v2/team/none/manifests/1?ns=${encodeURIComponent(OTHER)}` })
      assert([502, 503, 504].includes(reply.status), `status ${reply.status}`)
      assert.match(reply.body.toString(), /reg\.example\.com:8443/)
      await other.start()
    },
  )
})

/** The bodies of a multipart/byteranges answer (RFC 9110 §14.6). */
function parseMultipart(reply: Reply): Buffer[] {
  assert.equal(reply.status, 206)
  const [, boundary = ''] =
    /^multipart\/byteranges; ?boundary="?([^"]+)"?$/.exec(reply.headers['content-type'] ?? '') ?? []
  // latin1 keeps one character per byte.
  const parts = reply.body.toString('latin1').split(`--${boundary}`).slice(1, -1)
  return parts.map((part) => Buffer.from(part.slice(part.indexOf('\r\n\r\n') + 4, -2), 'latin1'))
}
