import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Agent } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { MIB } from '../../src/domain/units.ts'
import { contentBytes } from '../support/fake-content.ts'
import { type FakeUpstreamOptions, startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { ABSENT_DIGEST } from '../support/oci-data-sets.ts'
import { MEDIA } from '../support/oci-media.ts'

async function hubFor(t: TestContext, options: FakeUpstreamOptions = {}) {
  const hub = await startFakeUpstream(options)
  t.after(() => hub.close())
  return hub
}

void describe('the fake registry', () => {
  void it('answers the ping and says which API it is', async (t) => {
    const hub = await hubFor(t)
    for (const path of ['/v2/', '/v2']) assert.equal((await fetchAll(hub.url + path)).status, 200)
    assert.equal(hub.requests.count({ kind: 'ping' }), 2)
  })

  void it('sends a manifest byte for byte by tag and by digest, with everything clients need', async (t) => {
    const hub = await hubFor(t)
    const bytes = Buffer.from('{ "schemaVersion": 2,\n "odd": "spacing" }')
    const { digest } = hub.addManifest('library/a', { bytes, mediaType: MEDIA.manifest, tags: ['1'] })
    assert.equal(digest, digestOf(bytes))
    for (const ref of ['1', digest]) {
      const got = await fetchAll(`${hub.url}/v2/library/a/manifests/${ref}`)
      assert.equal(got.status, 200)
      assert.deepEqual(got.body, bytes)
      assert.equal(got.headers['content-type'], MEDIA.manifest)
      assert.equal(got.headers['docker-content-digest'], digest)
      assert.equal(got.headers.etag, `"${digest}"`)
      const head = await fetchAll(`${hub.url}/v2/library/a/manifests/${ref}`, { method: 'HEAD' })
      assert.equal(head.status, 200)
      assert.equal(head.headers['content-length'], String(bytes.length))
      assert.equal(head.headers['docker-content-digest'], digest)
      assert.equal(head.body.length, 0)
    }
    const headers = { 'if-none-match': `"${digest}"` }
    assert.equal((await fetchAll(`${hub.url}/v2/library/a/manifests/1`, { headers })).status, 304)
  })

  void it('knows sha512', async (t) => {
    const hub = await hubFor(t)
    const manifest = hub.addManifest('a', { json: { a: 1 }, mediaType: MEDIA.manifest, algorithm: 'sha512' })
    const blob = hub.addBlob('a', Buffer.from('hello'), 'sha512')
    for (const path of [`manifests/${manifest.digest}`, `blobs/${blob.digest}`]) {
      assert.match(path, /sha512:[0-9a-f]{128}$/)
      assert.equal((await fetchAll(`${hub.url}/v2/a/${path}`)).status, 200)
    }
  })

  void it('sends blobs whole, in parts as the conformance suite wants them, and their head', async (t) => {
    const hub = await hubFor(t)
    const bytes = Buffer.from(Array.from({ length: 2048 }, (_, i) => i % 251))
    const { digest } = hub.addBlob('a', bytes)
    const url = `${hub.url}/v2/a/blobs/${digest}`
    const whole = await fetchAll(url)
    assert.deepEqual(whole.body, bytes)
    assert.equal(whole.headers['content-type'], 'application/octet-stream')
    assert.equal(whole.headers['accept-ranges'], 'bytes')
    assert.equal((await fetchAll(url, { method: 'HEAD' })).headers['content-length'], '2048')

    const cases: [string, number, string][] = [
      ['bytes=500-1499', 206, 'bytes 500-1499/2048'],
      ['bytes=500-', 206, 'bytes 500-2047/2048'],
      ['bytes=-500', 206, 'bytes 1548-2047/2048'],
      ['bytes=-5000', 206, 'bytes 0-2047/2048'],
      ['bytes=2000-5000', 206, 'bytes 2000-2047/2048'],
      ['bytes=0-0', 206, 'bytes 0-0/2048'],
      ['bytes=500-0', 416, 'bytes */2048'],
      ['bytes=5000-10000', 416, 'bytes */2048'],
      ['bytes=2048-', 416, 'bytes */2048'],
      ['bytes=-0', 416, 'bytes */2048'],
    ]
    for (const [range, status, contentRange] of cases) {
      const part = await fetchAll(url, { headers: { range } })
      assert.equal(part.status, status, range)
      assert.equal(part.headers['content-range'], contentRange, range)
      const [from = 0, to = 0] = contentRange.match(/\d+/g)?.map(Number) ?? []
      if (status === 206) assert.deepEqual(part.body, bytes.subarray(from, to + 1), range)
    }
    for (const range of ['bytes=0-9,20-29', 'lines=1-2', 'bytes=-']) {
      assert.equal((await fetchAll(url, { headers: { range } })).status, 200, range)
    }
    assert.equal((await fetchAll(url, { method: 'HEAD', headers: { range: 'bytes=1-2' } })).status, 200)
    assert.equal(hub.requests.list({ range: 'bytes=500-' }).length, 1)
  })

  void it('judges If-Range and If-None-Match by the entity tag', async (t) => {
    const hub = await hubFor(t)
    const { digest } = hub.addBlob('a', Buffer.from('0123456789'))
    const url = `${hub.url}/v2/a/blobs/${digest}`
    const range = 'bytes=5-'
    const same = await fetchAll(url, { headers: { range, 'if-range': `"${digest}"` } })
    assert.equal(same.status, 206)
    const changed = await fetchAll(url, { headers: { range, 'if-range': '"other"' } })
    assert.equal(changed.status, 200)
    assert.equal((await fetchAll(url, { headers: { 'if-none-match': `"${digest}"` } })).status, 304)
  })

  void it('has blobs only where they were put', async (t) => {
    const hub = await hubFor(t)
    const { digest } = hub.addBlob('a', Buffer.from('x'))
    hub.addBlob('b', Buffer.from('y'))
    assert.equal((await fetchAll(`${hub.url}/v2/a/blobs/${digest}`)).status, 200)
    assert.equal((await fetchAll(`${hub.url}/v2/b/blobs/${digest}`)).status, 404)
  })

  void it('answers what it does not have with the OCI code for it', async (t) => {
    const hub = await hubFor(t)
    hub.addBlob('a', Buffer.from('x'))
    for (const [path, status, code, method = 'GET'] of [
      [`/v2/a/manifests/none`, 404, 'MANIFEST_UNKNOWN'],
      [`/v2/a/manifests/${ABSENT_DIGEST}`, 404, 'MANIFEST_UNKNOWN'],
      [`/v2/a/blobs/${ABSENT_DIGEST}`, 404, 'BLOB_UNKNOWN'],
      ['/v2/a/blobs/sha256:bad', 400, 'DIGEST_INVALID'],
      ['/v2/none/tags/list', 404, 'NAME_UNKNOWN'],
      ['/v2/a/what', 404, 'UNSUPPORTED'],
      ['/v2/a/blobs/uploads/', 405, 'UNSUPPORTED', 'POST'],
    ] as const) {
      const got = await fetchAll(hub.url + path, { method })
      assert.equal(got.status, status, path)
      assert.match(got.body.toString(), new RegExp(`"code":"${code}"`), path)
    }
  })

  void it('pages tags by n and last, and the catalog', async (t) => {
    const hub = await hubFor(t)
    const { digest } = hub.addManifest('a', { json: {}, mediaType: MEDIA.manifest })
    for (const tag of ['3', '1', '2']) hub.tag('a', tag, digest)
    const tags = async (query: string) => {
      const got = await fetchAll(`${hub.url}/v2/a/tags/list${query}`)
      return [(JSON.parse(got.body.toString()) as { tags: string[] }).tags, got.headers.link]
    }
    assert.deepEqual(await tags(''), [['1', '2', '3'], undefined])
    assert.deepEqual(await tags('?n=2'), [['1', '2'], '</v2/a/tags/list?n=2&last=2>; rel="next"'])
    assert.deepEqual(await tags('?n=2&last=2'), [['3'], undefined])
    assert.deepEqual(await tags('?last=1'), [['2', '3'], undefined])
    assert.deepEqual(await tags('?n=0'), [[], undefined])
    hub.untag('a', '3')
    assert.deepEqual(await tags('?n=1000'), [['1', '2'], undefined])
    const catalog = await fetchAll(`${hub.url}/v2/_catalog`)
    assert.equal(catalog.body.toString(), '{"repositories":["a"]}')
  })

  void it('keeps its own page size when asked for more', async (t) => {
    const hub = await hubFor(t, { pageSize: 2 })
    const image = hub.addImage('a', { tags: ['1', '2', '3'] })
    const got = await fetchAll(`${hub.url}/v2/a/tags/list`)
    assert.equal(got.headers.link, '</v2/a/tags/list?n=2&last=2>; rel="next"')
    for (const type of ['a', 'b', 'c']) {
      hub.addReferrer('a', { subject: image.manifest.digest, artifactType: type })
    }
    const first = await fetchAll(`${hub.url}/v2/a/referrers/${image.manifest.digest}?artifactType=b`)
    assert.equal(first.headers.link, undefined)
    const page = await fetchAll(`${hub.url}/v2/a/referrers/${image.manifest.digest}`)
    const next = /<(.*)>/.exec(page.headers.link as string)?.[1] ?? ''
    const rest = await fetchAll(hub.url + next)
    assert.equal((JSON.parse(rest.body.toString()) as { manifests: unknown[] }).manifests.length, 1)
  })

  void it('flattens an index for clients that do not accept indexes, only when told to', async (t) => {
    for (const [acceptMode, expected] of [
      ['any', MEDIA.index],
      ['flatten', MEDIA.manifest],
    ] as const) {
      const hub = await hubFor(t, { acceptMode })
      const index = hub.addIndex('a', { tags: ['1'], platforms: ['linux/arm64', 'linux/amd64'] })
      const get = (ref: string, accept: string) =>
        fetchAll(`${hub.url}/v2/a/manifests/${ref}`, { headers: { accept } })
      const got = await get('1', MEDIA.manifest)
      assert.equal(got.headers['content-type'], expected)
      if (acceptMode === 'flatten') {
        assert.equal(got.headers['docker-content-digest'], index.images[1]?.manifest.digest)
      }
      assert.equal((await get('1', `${MEDIA.manifest}, ${MEDIA.index}`)).headers['content-type'], MEDIA.index)
      assert.equal((await get(index.manifest.digest, MEDIA.manifest)).headers['content-type'], MEDIA.index)
    }
  })

  void it('counts GETs of manifests against the pull limit and refuses when nothing is left', async (t) => {
    const hub = await hubFor(t, { rateLimit: { limit: 100, remaining: 1, window: 21600, retryAfter: 7 } })
    const { layers } = hub.addImage('a', { tags: ['1'] })
    const url = `${hub.url}/v2/a/manifests/1`
    const head = await fetchAll(url, { method: 'HEAD' })
    assert.equal(head.headers['ratelimit-limit'], '100;w=21600')
    assert.equal(head.headers['ratelimit-remaining'], '1;w=21600')
    assert.ok(head.headers['docker-ratelimit-source'])
    assert.equal((await fetchAll(url)).headers['ratelimit-remaining'], '0;w=21600')
    const refused = await fetchAll(url)
    assert.equal(refused.status, 429)
    assert.equal(refused.headers['retry-after'], '7')
    assert.match(refused.body.toString(), /TOOMANYREQUESTS/)
    assert.equal((await fetchAll(url, { method: 'HEAD' })).status, 200)
    assert.equal((await fetchAll(`${hub.url}/v2/a/blobs/${layers[0]?.digest}`)).status, 200)
    assert.ok(hub.rateLimit)
    hub.rateLimit.remaining = 5
    assert.equal((await fetchAll(url)).status, 200)
  })

  void it('serves a manifest under a digest that is not its own when told to', async (t) => {
    const hub = await hubFor(t)
    hub.addManifest('a', { json: {}, mediaType: MEDIA.manifest, digest: ABSENT_DIGEST })
    const got = await fetchAll(`${hub.url}/v2/a/manifests/${ABSENT_DIGEST}`, { lint: false })
    assert.equal(got.body.toString(), '{}')
    hub.remove('a', ABSENT_DIGEST)
    assert.equal((await fetchAll(`${hub.url}/v2/a/manifests/${ABSENT_DIGEST}`)).status, 404)
  })
})

void describe('the referrers API', () => {
  void it('lists what refers to a digest, known or not, and filters by type', async (t) => {
    const hub = await hubFor(t)
    const { manifest } = hub.addImage('a', { tags: ['1'] })
    const annotations = { 'org.example': 'yes' }
    const sbom = hub.addReferrer('a', { subject: manifest.digest, artifactType: 'x/sbom', annotations })
    hub.addReferrer('a', { subject: manifest.digest, artifactType: 'x/signature' })
    const all = await fetchAll(`${hub.url}/v2/a/referrers/${manifest.digest}`)
    assert.equal(all.headers['content-type'], MEDIA.index)
    assert.equal((JSON.parse(all.body.toString()) as { manifests: unknown[] }).manifests.length, 2)
    const some = await fetchAll(`${hub.url}/v2/a/referrers/${manifest.digest}?artifactType=x/sbom`)
    assert.equal(some.headers['oci-filters-applied'], 'artifactType')
    assert.deepEqual(JSON.parse(some.body.toString()), {
      schemaVersion: 2,
      mediaType: MEDIA.index,
      manifests: [
        {
          mediaType: MEDIA.manifest,
          digest: sbom.manifest.digest,
          size: sbom.manifest.size,
          artifactType: 'x/sbom',
          annotations,
        },
      ],
    })
    const empty = await fetchAll(`${hub.url}/v2/none/referrers/${ABSENT_DIGEST}`)
    assert.equal(empty.status, 200)
    assert.match(empty.body.toString(), /"manifests":\[\]/)
    assert.equal((await fetchAll(`${hub.url}/v2/a/referrers/sha256:bad`)).status, 400)
  })

  void it('is missing when told so, and the fallback tag lists them instead', async (t) => {
    const hub = await hubFor(t, { referrers: false })
    const { manifest } = hub.addImage('a', { tags: ['1'] })
    const one = hub.addReferrer('a', { subject: manifest.digest, artifactType: 'x/one' })
    const two = hub.addReferrer('a', { subject: manifest.digest, artifactType: 'x/two' })
    assert.equal((await fetchAll(`${hub.url}/v2/a/referrers/${manifest.digest}`)).status, 404)
    const tag = manifest.digest.replace(':', '-')
    const list = await fetchAll(`${hub.url}/v2/a/manifests/${tag}`)
    const { manifests } = JSON.parse(list.body.toString()) as { manifests: { digest: string }[] }
    assert.deepEqual(
      manifests.map((m) => m.digest),
      [one.manifest.digest, two.manifest.digest],
    )
  })
})

void describe('the request log of a fake upstream', () => {
  void it('says what was asked, raw, and what became of it', async (t) => {
    const hub = await hubFor(t)
    const { digest, size } = hub.addBlob('org/app', Buffer.from('hello'))
    await fetchAll(`${hub.url}/v2/org/app/blobs/${digest}?ns=docker.io&a=%2F`, {
      headers: { range: 'bytes=1-', 'user-agent': 'me' },
    })
    await fetchAll(hub.url, { path: '/v2/../x%2F/./y', lint: false })
    const [blob, odd] = hub.requests.list()
    assert.ok(blob && odd)
    assert.deepEqual(
      [blob.role, blob.method, blob.kind, blob.repo, blob.ref, blob.query, blob.range],
      ['registry', 'GET', 'blob', 'org/app', digest, 'ns=docker.io&a=%2F', 'bytes=1-'],
    )
    assert.equal(blob.headers['user-agent'], 'me')
    assert.deepEqual([blob.status, blob.bytesSent, blob.finished, blob.closed], [206, size - 1, true, true])
    assert.deepEqual([odd.path, odd.kind], ['/v2/../x%2F/./y', 'other'])
    assert.notEqual(blob.connection, odd.connection)
    assert.equal(hub.requests.bytes({ ref: digest }), size - 1)
  })

  void it('tells requests of one connection', async (t) => {
    const hub = await hubFor(t)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    for (let i = 0; i < 2; i++) await fetchAll(`${hub.url}/v2/`, { agent })
    const [first, second] = hub.requests.list()
    assert.equal(first?.connection, second?.connection)
    assert.equal(hub.connections('registry'), 1)
  })

  void it('shows a body that was left unread as closed and not finished', async (t) => {
    const hub = await hubFor(t)
    const { digest } = hub.addBlob('a', { size: 64 * MIB, seed: 1 })
    const leave = new AbortController()
    hub.bandwidth = MIB
    const pending = fetchAll(`${hub.url}/v2/a/blobs/${digest}`, { signal: leave.signal })
    await hub.requests.waitFor((r) => r.bytesSent > 0)
    leave.abort()
    await pending
    const left = await hub.requests.waitFor((r) => r.kind === 'blob' && r.closed)
    assert.equal(left.finished, false)
    assert.ok(left.bytesSent < 8 * MIB)
  })
})

void describe('large bodies', () => {
  void it('arrive right at full speed and at a set one', async (t) => {
    const hub = await hubFor(t)
    const blob = hub.addBlob('a', { size: 20 * MIB + 3, seed: 2 })
    const digest = () => fetchAll(`${hub.url}/v2/a/blobs/${blob.digest}`)
    assert.equal(digestOf((await digest()).body), blob.digest)
    hub.bandwidth = 200 * MIB
    assert.equal(digestOf((await digest()).body), blob.digest)
    assert.equal(hub.requests.bytes({ kind: 'blob' }), 2 * blob.size)
  })

  void it('take a rate that changes while they run', async (t) => {
    const hub = await hubFor(t)
    const blob = hub.addBlob('a', { size: 8 * MIB, seed: 3 })
    hub.bandwidth = 1000
    const whole = fetchAll(`${hub.url}/v2/a/blobs/${blob.digest}`)
    await hub.requests.waitFor((r) => r.bytesSent > 0)
    assert.ok(hub.requests.bytes() < blob.size)
    hub.bandwidth = undefined
    assert.equal((await whole).complete, true)
  })

  void it('carry the bytes their content says', async (t) => {
    const hub = await hubFor(t)
    const blob = hub.addBlob('a', { size: 3 * MIB, seed: 4 })
    const { body } = await fetchAll(`${hub.url}/v2/a/blobs/${blob.digest}`, {
      headers: { range: 'bytes=1048000-2100000' },
    })
    const expected = contentBytes(blob.content, 1_048_000, 2_100_001)
    assert.equal(
      createHash('md5').update(body).digest('hex'),
      createHash('md5').update(expected).digest('hex'),
    )
  })
})
