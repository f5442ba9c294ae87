import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, type TestContext, test } from 'node:test'
import { type BypassRunOptions, createBypassRun } from '../../src/cache/bypass-run.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { contentBytes } from '../support/fake-content.ts'
import type { AddedBlob } from '../support/fake-repositories.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'

const SIZE = 5000

interface Source {
  readonly hub: FakeUpstream
  readonly blob: AddedBlob
  readonly bytes: Buffer
  readonly options: Pick<BypassRunOptions, 'client' | 'request'>
}

async function startSource(t: TestContext): Promise<Source> {
  const hub = await startFakeUpstream()
  const blob = hub.addBlob('library/app', { seed: 9, size: SIZE })
  const client = createOriginClient({
    upstreams: [{ name: 'docker.io', url: hub.url, allowPrivate: true, tokenHosts: [] }],
    clock: fakeClock(),
    log: collectorLog(),
  })
  t.after(async () => {
    await client.close()
    await hub.close()
  })
  const path = `/v2/library/app/blobs/${blob.digest}`
  const options = { client, request: { upstream: 'docker.io', path, repository: 'library/app' } }
  return { hub, blob, bytes: contentBytes(blob.content), options }
}

async function drain(options: BypassRunOptions): Promise<Buffer> {
  const run = createBypassRun(options)
  const chunks: Buffer[] = []
  try {
    for (;;) {
      const piece = await run.pull()
      if (piece === undefined) return Buffer.concat(chunks)
      chunks.push(Buffer.from(piece.bytes))
      piece.release()
    }
  } finally {
    run.close()
  }
}

suite('a run that goes on straight from the upstream', () => {
  test('judges what was sent before it, even where the upstream has no byte to add', async (t) => {
    const { blob, bytes, options } = await startSource(t)
    const ask = { ...options, start: SIZE, end: undefined, total: undefined }
    const right = { expected: blob.digest, hash: createHash('sha256').update(bytes) }
    assert.equal((await drain({ ...ask, proof: right })).length, 0)
    const wrong = { expected: blob.digest, hash: createHash('sha256').update(bytes.toReversed()) }
    await assert.rejects(drain({ ...ask, proof: wrong }), { code: 'upstream_invalid' })
    const total = { ...ask, total: SIZE, proof: { expected: blob.digest, hash: createHash('sha256') } }
    await assert.rejects(drain(total), { code: 'upstream_invalid' })
  })

  test('gives no more than the length that was promised, whatever comes', async (t) => {
    const { hub, bytes, options } = await startSource(t)
    hub.faults.add({ fault: { contentLength: 'omit' } })
    for (const end of [undefined, 200]) {
      const got = await drain({ ...options, start: 0, end, total: 100 })
      assert.ok(got.equals(bytes.subarray(0, 100)))
    }
    assert.equal((await drain({ ...options, start: 100, end: undefined, total: 100 })).length, 0)
  })

  test('gives everything, to the end or of a range', async (t) => {
    const { bytes, options } = await startSource(t)
    for (const total of [undefined, SIZE]) {
      assert.ok((await drain({ ...options, start: 0, end: undefined, total })).equals(bytes))
      const middle = await drain({ ...options, start: 1000, end: 1999, total })
      assert.ok(middle.equals(bytes.subarray(1000, 2000)))
    }
  })
})
