import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import type { OpenedStream } from '../support/http.ts'
import { addBlob, assertWhole, blobPath, eventually, MIB, manifestPath } from './support.ts'

/** More clients than bodies of one upstream are read at their clients' pace. */
const CLIENTS = 70
const TURNS = 64
/** More than sockets and buffers on the way hold. */
const LARGE = 100 * MIB

suite('clients that ask for much and read nothing', () => {
  test('of ranges far ahead of a download leave the upstream to others', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('library/other', { tags: ['1'] })
    const blob = addBlob(hub, LARGE)
    hub.faults.add({ times: 1, when: { kind: 'blob' }, fault: { drip: { bytesPerSecond: 1000 } } })
    const streams = [await cache.open(blobPath(blob.digest))]
    const headers = { range: `bytes=${60 * MIB}-` }
    for (let i = 0; i < CLIENTS; i++) streams.push(await cache.open(blobPath(blob.digest), { headers }))
    t.after(() => {
      for (const stream of streams) stream.destroy()
    })
    const outcomes = streams.slice(1).map((stream) => stream.headers['x-cache'])
    assert.deepEqual(outcomes.slice(0, TURNS), Array(TURNS).fill('bypass'))
    // Where too many go their own way, the others wait for the download.
    assert.deepEqual(outcomes.slice(TURNS), Array(CLIENTS - TURNS).fill('joined'))
    assertWhole(await cache.fetch(manifestPath('1', 'library/other')), manifest)
    streams[1]?.destroy()
    await eventually('who leaves makes way', async () => {
      const stream = await cache.open(blobPath(blob.digest), { headers })
      stream.destroy()
      return stream.headers['x-cache'] === 'bypass'
    })
  })

  test('of what cannot be kept leave the upstream to others, and wait for each other', async (t) => {
    const { hub, cache } = await startPair(t, { config: { storage: { min_free: '900TiB' } } })
    const { manifest } = hub.addImage('library/other', { tags: ['1'] })
    const blob = addBlob(hub, LARGE)
    const streams: OpenedStream[] = []
    t.after(() => {
      for (const stream of streams) stream.destroy()
    })
    const asked = Array.from({ length: CLIENTS }, async () => {
      streams.push(await cache.open(blobPath(blob.digest)))
    })
    await eventually('all turns are taken', () => streams.length === TURNS)
    assertWhole(await cache.fetch(manifestPath('1', 'library/other')), manifest)
    assert.equal(streams.length, TURNS)
    for (const stream of streams.slice(0, CLIENTS - TURNS)) stream.destroy()
    await Promise.all(asked)
    assert.deepEqual(
      streams.map(({ status, headers }) => [status, headers['x-cache']]),
      Array.from({ length: CLIENTS }, () => [200, 'bypass']),
    )
  })
})
