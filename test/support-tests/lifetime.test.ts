import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { KIB, MIB } from '../../src/domain/units.ts'
import type { Fault } from '../support/fake-faults.ts'
import { type FakeUpstreamOptions, startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll, openStream } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'

async function hubFor(t: TestContext, options: FakeUpstreamOptions = {}) {
  const hub = await startFakeUpstream(options)
  t.after(() => hub.close())
  return hub
}

const code = (error: unknown) => Reflect.get(error ?? {}, 'code')

void describe('a fake upstream that is stopped', () => {
  void it('refuses connections and comes back on the same port with what it had', async (t) => {
    const hub = await hubFor(t)
    const { digest } = hub.addBlob('a', Buffer.from('x'))
    const url = `${hub.url}/v2/a/blobs/${digest}`
    await hub.stop()
    assert.equal(code((await fetchAll(url)).error), 'ECONNREFUSED')
    await hub.stop()
    await hub.start()
    await hub.start()
    assert.equal((await fetchAll(url)).body.toString(), 'x')
  })

  void it('destroys idle connections and running bodies', async (t) => {
    const hub = await hubFor(t)
    const agent = new Agent({ keepAlive: true })
    t.after(() => agent.destroy())
    await fetchAll(`${hub.url}/v2/`, { agent })
    const { digest } = hub.addBlob('a', { size: 64 * MIB, seed: 1 })
    const stream = await openStream(`${hub.url}/v2/a/blobs/${digest}`)
    assert.equal(hub.connections(), 2)
    await hub.stop()
    assert.equal(hub.connections(), 0)
    assert.equal((await stream.rest()).complete, false)
    const record = await hub.requests.waitFor((r) => r.kind === 'blob' && r.closed)
    assert.equal(record.finished, false)
  })

  void it('can lose its CDN or its token service alone', async (t) => {
    const hub = await hubFor(t, { tokenOrigin: 'separate' })
    for (const role of ['cdn', 'token'] as const) {
      const url = role === 'cdn' ? hub.cdnUrl : hub.tokenUrl
      await hub.stop(role)
      assert.equal(code((await fetchAll(url)).error), 'ECONNREFUSED')
      assert.equal((await fetchAll(`${hub.url}/v2/`)).status, 200)
      await hub.start(role)
      assert.notEqual((await fetchAll(url)).status, 0)
    }
  })

  void it('can be given its port, so that another one takes its place', async (t) => {
    const first = await hubFor(t)
    const port = Number(first.host.split(':')[1])
    await first.close()
    const second = await hubFor(t, { port })
    assert.equal(second.url, first.url)
    await assert.rejects(startFakeUpstream({ port }), { code: 'EADDRINUSE' })
  })

  void it('is disposed of by await using', async () => {
    let url = ''
    {
      await using hub = await startFakeUpstream()
      url = hub.url
    }
    assert.equal((await fetchAll(url)).status, 0)
  })
})

void describe('a fake upstream that is frozen', () => {
  void it('takes requests, is silent, and answers them all once thawed', async (t) => {
    const hub = await hubFor(t)
    hub.freeze()
    const waiting = [1, 2, 3].map(() => fetchAll(`${hub.url}/v2/`))
    await hub.requests.waitFor(() => hub.requests.count() === 3)
    assert.deepEqual(
      hub.requests.list().map((r) => r.status),
      [0, 0, 0],
    )
    hub.thaw()
    assert.deepEqual(
      (await Promise.all(waiting)).map((r) => r.status),
      [200, 200, 200],
    )
  })

  void it('stops bodies under way and goes on with them', async (t) => {
    const hub = await hubFor(t)
    const blob = hub.addBlob('a', { size: 4 * MIB, seed: 5 })
    hub.bandwidth = 256 * KIB
    const stream = await openStream(`${hub.url}/v2/a/blobs/${blob.digest}`)
    await stream.read(1000)
    hub.freeze()
    hub.bandwidth = undefined
    const [record] = hub.requests.list()
    // One write may have been under way.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok((record?.bytesSent ?? 0) < MIB)
    hub.thaw()
    assert.equal((await stream.rest()).digest, blob.digest)
  })

  void it('notices clients that leave', async (t) => {
    const hub = await hubFor(t)
    hub.freeze()
    const leave = new AbortController()
    const pending = fetchAll(`${hub.url}/v2/`, { signal: leave.signal })
    const record = await hub.requests.waitFor(() => true)
    leave.abort()
    await pending
    await hub.requests.waitFor((r) => r === record && r.closed)
    assert.equal(record.status, 0)
  })

  void it('can be closed', async () => {
    const hub = await startFakeUpstream()
    hub.freeze()
    const pending = fetchAll(`${hub.url}/v2/`)
    await hub.requests.waitFor(() => true)
    await hub.close()
    assert.equal((await pending).complete, false)
  })
})

void describe('clients that leave', () => {
  const whenToLeave = ['at once', 'with the head', 'in the middle'] as const

  for (const [name, fault] of Object.entries<Fault>({
    'a plain body': {},
    'a reset body': { resetAfter: MIB },
    'a silent body': { hang: { afterBytes: MIB } },
    'a chunked body': { contentLength: 'omit' },
    'a slow body': { drip: { bytesPerSecond: 100 * MIB } },
  })) {
    void it(`leave nothing behind: ${name}`, async (t) => {
      const hub = await hubFor(t)
      const { digest } = hub.addBlob('a', { size: 8 * MIB, seed: 6 })
      hub.faults.add({ fault })
      const leaving = Array.from({ length: 60 }, (_, i) =>
        leave(hub.host, `/v2/a/blobs/${digest}`, {
          when: whenToLeave[i % 3] ?? 'at once',
          reset: i % 2 === 0,
        }),
      )
      await Promise.all(leaving)
      await hub.stop()
      assert.deepEqual(hub.requests.list({ closed: false }), [])
      assert.equal(hub.connections(), 0)
    })
  }

  /** Asks for a path and goes away; resolves when the connection is gone. */
  function leave(
    host: string,
    path: string,
    { when, reset }: { when: string; reset: boolean },
  ): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(Number(host.split(':')[1]), '127.0.0.1')
      const go = () => (reset ? socket.resetAndDestroy() : socket.destroy())
      let seen = 0
      socket.on('error', () => undefined)
      socket.once('close', () => resolve())
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.length
        if (when === 'with the head' || seen > MIB / 2) go()
      })
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, () => {
        if (when === 'at once') go()
      })
    })
  }
})

void describe('a fake upstream with a certificate', () => {
  void it('speaks TLS on every origin', async (t) => {
    const dir = await tempDir(t)
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
    const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=fake'.split(
      ' ',
    )
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]
    execFileSync('openssl', [...args, ...names], { stdio: 'ignore' })
    const tls = { key: await readFile(key), cert: await readFile(cert) }
    const hub = await hubFor(t, { tls, blobs: 'redirect' })
    const { digest } = hub.addBlob('a', Buffer.from('hello'))
    const answer = await fetchAll(`${hub.url}/v2/a/blobs/${digest}`, { ca: tls.cert })
    assert.equal(answer.status, 307)
    const location = answer.headers.location ?? ''
    assert.match(location, /^https:/)
    assert.equal((await fetchAll(location, { ca: tls.cert })).body.toString(), 'hello')
    assert.ok((await fetchAll(location)).error)
  })
})
