import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll, openStream } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'
import { createServerOn } from './process.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobPath,
  MIB,
  manifestPath,
  parts,
  upstreamBytes,
} from './support.ts'

test('killed at any moment of a download: no wrong byte, none fetched twice, rows and files agree', async (t) => {
  const hub = await startFakeUpstream()
  const server = await createServerOn(await tempDir(t), hub)
  t.after(async () => {
    await server.kill()
    await hub.close()
  })
  const KILLS = 20
  const continued: number[] = []
  const blob = addBlob(hub, 24 * MIB)
  const small = Array.from({ length: KILLS }, () => addBlob(hub, 30_000))
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  hub.bandwidth = 12 * MIB

  for (let kill = 0; kill < KILLS; kill++) {
    await server.start()
    const large = await openStream(server.url + blobPath(blob.digest)).catch(() => undefined)
    const others = [
      fetchAll(server.url + blobPath((small[kill] ?? blob).digest)),
      fetchAll(server.url + manifestPath('1')),
    ]
    // Every kill comes a little later than the one before, the last when little is missing.
    await sleep(((kill * 7) % KILLS) * 6)
    await server.kill()
    large?.destroy()
    const part = (await parts(server.dataDir)).find(({ name }) => name.endsWith(blob.digest.slice(7)))
    continued.push(part?.size ?? 0)
    for (const other of await Promise.all(others)) assert.ok(other.status === 0 || other.status === 200)
  }

  await server.start()
  hub.bandwidth = undefined
  assertWhole(await fetchAll(server.url + blobPath(blob.digest)), blob)
  for (const each of small) assertWhole(await fetchAll(server.url + blobPath(each.digest)), each)
  assertWhole(await fetchAll(server.url + manifestPath('1')), manifest)
  assertNoneTwice(hub, blob.digest, continued)
  await assertStoreSound(server.dataDir)
  await assertNoParts(server.dataDir)
  assert.doesNotMatch(server.output(), /unhandled|uncaught|"error":"internal"/i)
})

/**
 * Every request begins exactly where what was on disk after a kill ended; what was still on its way into the
 * process is lost with it.
 */
function assertNoneTwice(hub: FakeUpstream, digest: string, onDisk: readonly number[]): void {
  const starts = hub.requests
    .list({ kind: 'blob', ref: digest, method: 'GET' })
    .map((record) => Number(/^bytes=(\d+)-/.exec(record.range ?? '')?.[1] ?? 0))
  assert.deepEqual(
    starts.toSorted((a, b) => a - b),
    starts,
  )
  for (const start of starts)
    assert.ok(start === 0 || onDisk.includes(start), `${start} of ${onDisk.join(', ')}`)
  assert.ok((onDisk.at(-1) ?? 0) > 4 * MIB, 'the part grew from kill to kill')
}

test('a second process on the same folder serves and stores beside the first, and takes over after it', async (t) => {
  const hub = await startFakeUpstream()
  const folder = await tempDir(t)
  const first = await createServerOn(folder, hub)
  await first.start()
  const second = await createServerOn(folder, hub)
  await second.start()
  t.after(async () => {
    await first.kill()
    await second.kill()
    await hub.close()
  })
  const blobs = Array.from({ length: 6 }, (_, i) => addBlob(hub, 200_000 + i))
  await Promise.all(
    blobs.flatMap((blob) =>
      [first, second].map(async (server) =>
        assertWhole(await fetchAll(server.url + blobPath(blob.digest)), blob),
      ),
    ),
  )
  await assertStoreSound(first.dataDir)
  await assertNoParts(first.dataDir)
  for (const blob of blobs) assert.ok(upstreamBytes(hub, blob.digest) <= 2 * blob.size)
  await first.kill()
  hub.requests.clear()
  for (const blob of blobs) assertWhole(await fetchAll(second.url + blobPath(blob.digest)), blob)
  assert.equal(hub.requests.count(), 0)
})
