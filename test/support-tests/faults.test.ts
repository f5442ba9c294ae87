import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { MIB } from '../../src/domain/units.ts'
import { contentBytes } from '../support/fake-content.ts'
import type { Fault, FaultMatch } from '../support/fake-faults.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { type FetchOptions, fetchAll } from '../support/http.ts'

const SIZE = MIB + 1000

async function setUp(t: TestContext) {
  const hub = await startFakeUpstream()
  t.after(() => hub.close())
  const blob = hub.addBlob('a', { size: SIZE, seed: 11 })
  const url = `${hub.url}/v2/a/blobs/${blob.digest}`
  return { hub, url, bytes: contentBytes(blob.content) }
}

/** Fetches the blob with a fault; the answer may break every rule. */
async function suffer(t: TestContext, fault: Fault, options: FetchOptions = {}) {
  const parts = await setUp(t)
  parts.hub.faults.add({ fault })
  const got = await fetchAll(parts.url, { lint: false, ...options })
  const record = await parts.hub.requests.waitFor((r) => r.kind === 'blob' && r.closed)
  return { ...parts, got, record }
}

/** What really stands on the wire, for answers no client should take. */
function rawAnswer(hub: FakeUpstream, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(hub.host.split(':')[1]), '127.0.0.1')
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.once('close', () => resolve(text))
    socket.once('error', reject)
    socket.end(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  })
}

void describe('which request a fault meets', () => {
  async function statuses(t: TestContext, rules: [FaultMatch, number, number?][]): Promise<number[]> {
    const { hub, url } = await setUp(t)
    for (const [when, status, times] of rules) {
      hub.faults.add({ when, fault: { status }, ...(times === undefined ? {} : { times }) })
    }
    const found: number[] = []
    for (let i = 0; i < 4; i++) found.push((await fetchAll(url)).status)
    return found
  }

  void it('is every one that fits, for ever by default', async (t) => {
    assert.deepEqual(await statuses(t, [[{ kind: 'blob' }, 500]]), [500, 500, 500, 500])
    assert.deepEqual(await statuses(t, [[{ kind: 'manifest' }, 500]]), [200, 200, 200, 200])
    assert.deepEqual(await statuses(t, [[{ method: 'HEAD' }, 500]]), [200, 200, 200, 200])
    assert.deepEqual(await statuses(t, [[{ ranged: true }, 500]]), [200, 200, 200, 200])
  })

  void it('is so many of them when told so, and rules follow each other', async (t) => {
    const rules: [FaultMatch, number, number?][] = [
      [{ role: 'registry', repo: 'a' }, 503, 2],
      [{ kind: 'blob' }, 429, 1],
    ]
    assert.deepEqual(await statuses(t, rules), [503, 503, 429, 200])
  })

  void it('is the nth that fits', async (t) => {
    assert.deepEqual(await statuses(t, [[{ kind: 'blob', nth: 3 }, 500]]), [200, 200, 500, 200])
  })

  void it('is none once the rule is gone', async (t) => {
    const { hub, url } = await setUp(t)
    const rule = hub.faults.add({ fault: { status: 500 } })
    assert.equal((await fetchAll(url)).status, 500)
    assert.equal(rule.struck, 1)
    rule.remove()
    assert.equal((await fetchAll(url)).status, 200)
    hub.faults.add({ fault: { status: 500 } })
    hub.faults.clear()
    assert.equal((await fetchAll(url)).status, 200)
  })
})

void describe('faults of a body', () => {
  void it('resetAfter: the client gets those bytes and a reset', async (t) => {
    const { got, bytes, record } = await suffer(t, { resetAfter: 100_000 })
    assert.equal(got.complete, false)
    assert.deepEqual(got.body, bytes.subarray(0, 100_000))
    assert.equal(Reflect.get(got.error ?? {}, 'code'), 'ECONNRESET')
    assert.deepEqual([record.bytesSent, record.finished], [100_000, false])
  })

  void it('truncateAfter: the connection ends and Content-Length promised more', async (t) => {
    for (const at of [0, 1, SIZE - 1]) {
      const { got, bytes } = await suffer(t, { truncateAfter: at })
      assert.equal(got.headers['content-length'], String(SIZE))
      assert.equal(got.complete, false)
      assert.deepEqual(got.body, bytes.subarray(0, at))
    }
  })

  void it('does nothing to bodies that are shorter', async (t) => {
    for (const fault of [{ resetAfter: SIZE }, { truncateAfter: SIZE }, { hang: { afterBytes: SIZE } }]) {
      assert.equal((await suffer(t, fault)).got.complete, true)
    }
  })

  void it('corruptAt: one byte of the whole content differs, also counted from its end or seen by a range', async (t) => {
    for (const [fault, options, at] of [
      [{ corruptAt: MIB - 1 }, {}, MIB - 1],
      [{ corruptAt: -1 }, {}, SIZE - 1],
      [{ corruptAt: 10 }, { headers: { range: 'bytes=10-19' } }, 0],
    ] as const) {
      const { got, bytes } = await suffer(t, fault, options)
      const expected = got.status === 206 ? bytes.subarray(10, 20) : bytes
      const differing = [...got.body.keys()].filter((i) => got.body[i] !== expected[i])
      assert.deepEqual(differing, [at])
      assert.equal(got.complete, true)
    }
  })

  void it('hang: silence before the head, or after so many bytes, until the client leaves', async (t) => {
    for (const [hang, seen] of [
      ['headers', 0],
      [{ afterBytes: 70_000 }, 70_000],
    ] as const) {
      const { hub, url } = await setUp(t)
      hub.faults.add({ fault: { hang } })
      const leave = new AbortController()
      const pending = fetchAll(url, { signal: leave.signal })
      const record = await hub.requests.waitFor((r) => r.kind === 'blob' && r.bytesSent === seen)
      assert.equal(record.closed, false)
      leave.abort()
      assert.equal((await pending).complete, false)
      await hub.requests.waitFor((r) => r === record && r.closed)
      assert.deepEqual([record.bytesSent, record.finished], [seen, false])
    }
  })

  void it('drip: slow, whatever the bandwidth', async (t) => {
    const { hub, url } = await setUp(t)
    hub.faults.add({ fault: { drip: { bytesPerSecond: 1000 } } })
    const leave = new AbortController()
    const pending = fetchAll(url, { signal: leave.signal })
    const record = await hub.requests.waitFor((r) => r.bytesSent >= 20)
    assert.ok(record.bytesSent < 10_000)
    leave.abort()
    await pending
  })

  void it('extraBytes: more than Content-Length says', async (t) => {
    const { hub, url } = await setUp(t)
    hub.faults.add({ fault: { extraBytes: 5 } })
    const raw = await rawAnswer(hub, new URL(url).pathname)
    assert.match(raw, new RegExp(`\r\nContent-Length: ${SIZE}\r\n`))
    assert.equal(raw.length - raw.indexOf('\r\n\r\n') - 4, SIZE + 5)
  })

  void it('swapBody: other bytes under the same headers', async (t) => {
    const { got, url } = await suffer(t, { swapBody: Buffer.from('evil') })
    assert.deepEqual([got.body.toString(), got.headers['content-length']], ['evil', '4'])
    assert.ok(url.endsWith(String(got.headers['docker-content-digest'])))
  })

  void it('contentEncoding: really compressed', async (t) => {
    const { got, bytes } = await suffer(t, { contentEncoding: 'gzip' })
    assert.equal(got.headers['content-encoding'], 'gzip')
    assert.deepEqual(gunzipSync(got.body), bytes)
  })
})

void describe('faults of a head', () => {
  void it('latencyMs and the latency of all come first', async (t) => {
    const { hub, url } = await setUp(t)
    hub.latency = 20
    hub.faults.add({ fault: { latencyMs: 30 } })
    assert.ok((await fetchAll(url)).firstByteMs >= 49)
  })

  void it('status: with the OCI error that fits, or a body and headers of the test', async (t) => {
    for (const [status, code] of [
      [404, 'BLOB_UNKNOWN'],
      [429, 'TOOMANYREQUESTS'],
      [500, 'UNKNOWN'],
    ] as const) {
      const { got } = await suffer(t, { status, headers: { 'Retry-After': '7' } }, { lint: true })
      assert.equal(got.status, status)
      assert.match(got.body.toString(), new RegExp(code))
      assert.equal(got.headers['retry-after'], '7')
    }
    const { got } = await suffer(t, { status: 502, body: '<html>' })
    assert.deepEqual([got.status, got.body.toString()], [502, '<html>'])
  })

  void it('headers: set and removed, however they are spelled', async (t) => {
    const headers = { 'content-type': 'text/html', 'DOCKER-CONTENT-DIGEST': null }
    const { got } = await suffer(t, { headers })
    assert.equal(got.headers['content-type'], 'text/html')
    assert.equal('docker-content-digest' in got.headers, false)
    assert.equal(got.complete, true)
  })

  void it('ignoreRange: 200 and everything', async (t) => {
    const { got, bytes } = await suffer(t, { ignoreRange: true }, { headers: { range: 'bytes=5-' } })
    assert.equal(got.status, 200)
    assert.deepEqual(got.body, bytes)
  })

  void it('wrongRangeStart: another part, and Content-Range admits it', async (t) => {
    const { got, bytes } = await suffer(
      t,
      { wrongRangeStart: 3 },
      { headers: { range: 'bytes=5-' }, lint: true },
    )
    assert.equal(got.headers['content-range'], `bytes 8-${SIZE - 1}/${SIZE}`)
    assert.deepEqual(got.body, bytes.subarray(8))
  })

  void it('etag: changed, so that If-Range with the old one brings everything', async (t) => {
    const { got, url } = await suffer(t, { etag: '"new"' })
    assert.equal(got.headers.etag, '"new"')
    const digest = url.slice(url.lastIndexOf('/') + 1)
    const headers = { range: 'bytes=5-', 'if-range': `"${digest}"` }
    assert.equal((await suffer(t, { etag: '"new"' }, { headers })).got.status, 200)
    const same = { range: 'bytes=5-', 'if-range': '"new"' }
    assert.equal((await suffer(t, { etag: '"new"' }, { headers: same })).got.status, 206)
  })

  void it('contentLength: left out, too large or too small', async (t) => {
    const chunked = await suffer(t, { contentLength: 'omit' })
    assert.equal(chunked.got.headers['transfer-encoding'], 'chunked')
    assert.deepEqual(chunked.got.body, chunked.bytes)
    assert.equal(chunked.got.complete, true)
    const more = await suffer(t, { contentLength: SIZE + 1 })
    assert.deepEqual([more.got.complete, more.got.body.length], [false, SIZE])
    const fewer = await suffer(t, { contentLength: 10 })
    assert.equal(fewer.got.headers['content-length'], '10')
    assert.equal(fewer.got.body.length, 10)
  })

  void it('closeDelimited: neither length nor chunks', async (t) => {
    const { got, bytes } = await suffer(t, { closeDelimited: true })
    assert.equal(got.headers['content-length'], undefined)
    assert.equal(got.headers['transfer-encoding'], undefined)
    assert.deepEqual(got.body, bytes)
    const cut = await suffer(t, { closeDelimited: true, truncateAfter: 1000 })
    assert.deepEqual([cut.got.complete, cut.got.body.length], [true, 1000])
  })

  void it('redirectTo, challenge, close', async (t) => {
    const moved = await suffer(t, { redirectTo: 'http://127.0.0.1:1/x', status: 302 })
    assert.deepEqual([moved.got.status, moved.got.headers.location], [302, 'http://127.0.0.1:1/x'])
    assert.equal((await suffer(t, { redirectTo: '/x' })).got.status, 307)
    const asked = await suffer(t, { challenge: 'Bearer realm="http://127.0.0.1:1/"' }, { lint: true })
    assert.equal(asked.got.status, 401)
    assert.equal(asked.got.headers['www-authenticate'], 'Bearer realm="http://127.0.0.1:1/"')
    const { got, record } = await suffer(t, { close: true })
    assert.deepEqual([got.status, got.complete, record.status], [0, false, 0])
  })

  void it('duplicateContentLength and hugeHeader stand on the wire', async (t) => {
    const { hub, url } = await setUp(t)
    hub.faults.add({ when: { nth: 1 }, fault: { duplicateContentLength: true } })
    hub.faults.add({ when: { nth: 2 }, fault: { hugeHeader: true } })
    const twice = await rawAnswer(hub, new URL(url).pathname)
    assert.equal(twice.match(/\r\nContent-Length: /g)?.length, 2)
    const huge = await rawAnswer(hub, new URL(url).pathname)
    assert.match(huge, /\r\nX-Huge: x{65536}\r\n/)
  })

  void it('several at once', async (t) => {
    const fault = { headers: { 'X-More': '1' }, contentLength: 'omit', truncateAfter: 1000 } as const
    const { got } = await suffer(t, fault)
    assert.deepEqual([got.headers['x-more'], got.complete, got.body.length], ['1', false, 1000])
  })
})
