import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import type { AddedBlob } from '../support/fake-repositories.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobFiles,
  blobPath,
  eventually,
  KIB,
  MIB,
  parts,
  pull,
  upstreamBodies,
  upstreamBytes,
} from './support.ts'

const NEVER_FINISH = { cache: { finish_abandoned: '0' } }

/** Resolves when so many bytes of the blob left the upstream. */
async function sent(hub: FakeUpstream, blob: AddedBlob, bytes: number): Promise<void> {
  await hub.requests.waitFor((record) => record.ref === blob.digest && record.bytesSent >= bytes)
}

/** Bytes of the one part that waits to be continued. */
async function parked(cache: { readonly dataDir: string }): Promise<number> {
  const [part, ...others] = await parts(cache.dataDir)
  assert.ok(part !== undefined && part.size > 0 && others.length === 0)
  return part.size
}

async function upstreamStopped(hub: FakeUpstream, blob: AddedBlob): Promise<void> {
  await eventually('the upstream request ends', () =>
    hub.requests.list({ ref: blob.digest }).every((record) => record.closed),
  )
}

test('the leader leaves at 25 %: the follower gets everything from the same download', async (t) => {
  const { hub, cache } = await startPair(t, { abandonGrace: 50, config: NEVER_FINISH })
  const blob = addBlob(hub, 8 * MIB)
  hub.bandwidth = 8 * MIB
  const leader = await cache.open(blobPath(blob.digest))
  await leader.read(MIB)
  const follower = cache.fetch(blobPath(blob.digest))
  await sent(hub, blob, blob.size / 4)
  leader.destroy()
  assertWhole(await follower, blob)
  assert.equal(upstreamBodies(hub, blob.digest), 1)
  assert.equal(upstreamBytes(hub, blob.digest), blob.size)
  await assertStoreSound(cache.dataDir)
})

test('everybody leaves far from the end: the upstream stops, and the next pull continues without fetching twice', async (t) => {
  const { hub, cache } = await startPair(t, { abandonGrace: 30, config: NEVER_FINISH })
  const blob = addBlob(hub, 16 * MIB)
  hub.bandwidth = 16 * MIB
  const clients = await Promise.all([1, 2, 3].map(() => cache.open(blobPath(blob.digest))))
  await sent(hub, blob, 4 * MIB)
  // However long this machine takes to notice, the end stays far away.
  hub.bandwidth = 64 * KIB
  for (const client of clients) client.destroy()
  await upstreamStopped(hub, blob)
  const stopped = upstreamBytes(hub, blob.digest)
  assert.ok(stopped < 12 * MIB, `${stopped} bytes`)
  await eventually('the part is parked', async () => (await parts(cache.dataDir)).length === 1)
  const here = await parked(cache)
  hub.bandwidth = undefined
  const answer = await pull(cache, blob)
  assert.equal(answer.headers['x-cache'], 'miss')
  const ranged = hub.requests.list({ ref: blob.digest }).find((record) => record.range !== undefined)
  assert.equal(ranged?.range, `bytes=${here}-`)
  // What was still on its way when it was parked is the system's.
  assert.equal(upstreamBytes(hub, blob.digest), stopped + blob.size - here)
  await assertStoreSound(cache.dataDir)
  await assertNoParts(cache.dataDir)
})

test('everybody leaves near the end: the download is finished', async (t) => {
  const { hub, cache } = await startPair(t, {
    abandonGrace: 20,
    config: { cache: { finish_abandoned: '6MiB' } },
  })
  const blob = addBlob(hub, 8 * MIB)
  hub.bandwidth = 8 * MIB
  const client = await cache.open(blobPath(blob.digest))
  await sent(hub, blob, 3 * MIB)
  client.destroy()
  await eventually('it is stored', async () => (await blobFiles(cache.dataDir)).length === 1)
  assert.equal(upstreamBytes(hub, blob.digest), blob.size)
  hub.requests.clear()
  assert.equal((await pull(cache, blob)).headers['x-cache'], 'hit')
  assert.equal(hub.requests.count(), 0)
})

test('over half is here when everybody leaves: the download is finished', async (t) => {
  const { hub, cache } = await startPair(t, { abandonGrace: 20, config: NEVER_FINISH })
  const blob = addBlob(hub, 8 * MIB)
  hub.bandwidth = 8 * MIB
  const client = await cache.open(blobPath(blob.digest))
  await sent(hub, blob, 5 * MIB)
  client.destroy()
  await eventually('it is stored', async () => (await blobFiles(cache.dataDir)).length === 1)
  assert.equal(upstreamBodies(hub, blob.digest), 1)
})

test('a client that comes back within the grace keeps the download going', async (t) => {
  const { hub, cache } = await startPair(t, { abandonGrace: 5000, config: NEVER_FINISH })
  const blob = addBlob(hub, 4 * MIB)
  hub.bandwidth = 8 * MIB
  const client = await cache.open(blobPath(blob.digest))
  await client.read(1000)
  client.destroy()
  await sleep(20)
  const answer = await pull(cache, blob)
  assert.equal(answer.headers['x-cache'], 'joined')
  assert.equal(upstreamBodies(hub, blob.digest), 1)
})

test('clients that come just when a download is being parked are served whole', async (t) => {
  const { hub, cache } = await startPair(t, { abandonGrace: 1, config: NEVER_FINISH })
  hub.bandwidth = 40 * MIB
  for (let round = 0; round < 12; round++) {
    const blob = addBlob(hub, 3 * MIB)
    const client = await cache.open(blobPath(blob.digest))
    await client.read(1000)
    client.destroy()
    const late = [0, 1, 2, 3, 4, 6].map(async (ms) => {
      await sleep(ms)
      return await cache.fetch(blobPath(blob.digest))
    })
    for (const answer of await Promise.all(late)) assertWhole(answer, blob)
    // Nobody begins anew. Bytes are not counted: how many of them are on their way when it is parked is a matter of time.
    const [, ...later] = hub.requests.list({ ref: blob.digest, method: 'GET' })
    for (const { range } of later) assert.match(range ?? '', /^bytes=[1-9]\d{3,}-/)
  }
  await assertStoreSound(cache.dataDir)
})

test('a part survives a restart of the server and is continued', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 16 * MIB)
  hub.bandwidth = 16 * MIB
  const client = await cache.open(blobPath(blob.digest))
  await sent(hub, blob, 4 * MIB)
  await cache.restart()
  client.destroy()
  await upstreamStopped(hub, blob)
  const [stopped, here] = [upstreamBytes(hub, blob.digest), await parked(cache)]
  hub.bandwidth = undefined
  await pull(cache, blob)
  assert.equal(upstreamBytes(hub, blob.digest), stopped + blob.size - here)
  await assertStoreSound(cache.dataDir)
  await assertNoParts(cache.dataDir)
})

test('a part that an earlier run completed needs no byte more', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 70 * MIB)
  await cache.close()
  await writeFile(`${cache.dataDir}/parts/sha256-${blob.digest.slice(7)}`, contentBytes(blob.content))
  await cache.restart()
  await pull(cache, blob)
  assert.ok(upstreamBytes(hub, blob.digest) < 1000, `${upstreamBytes(hub, blob.digest)}`)
  await assertStoreSound(cache.dataDir)
})

test('a part that is too long, or wrong, does not stay in the way', async (t) => {
  const { hub, cache } = await startPair(t)
  const small = addBlob(hub, 100_000)
  const large = addBlob(hub, 66 * MIB)
  const wrong = addBlob(hub, 100_000)
  await cache.close()
  const file = (blob: AddedBlob): string => `${cache.dataDir}/parts/sha256-${blob.digest.slice(7)}`
  await writeFile(file(small), Buffer.concat([contentBytes(small.content), Buffer.alloc(10)]))
  await writeFile(file(large), Buffer.concat([contentBytes(large.content), Buffer.alloc(10)]))
  await writeFile(file(wrong), Buffer.alloc(50_000, 1))
  await cache.restart()
  await pull(cache, small)
  await pull(cache, large)
  const answer = await cache.fetch(blobPath(wrong.digest))
  assert.equal(answer.complete, false, 'its first bytes were wrong and may have been sent')
  await pull(cache, wrong)
  await assertStoreSound(cache.dataDir)
  await assertNoParts(cache.dataDir)
})

test('an upstream that is down when a parked part should continue is said so within 2 s', async (t) => {
  const { hub, cache } = await startPair(t, { abandonGrace: 20, config: NEVER_FINISH })
  const blob = addBlob(hub, 16 * MIB)
  hub.bandwidth = 16 * MIB
  const client = await cache.open(blobPath(blob.digest))
  await sent(hub, blob, 2 * MIB)
  client.destroy()
  await upstreamStopped(hub, blob)
  await hub.stop()
  const [parked] = await parts(cache.dataDir)
  const started = performance.now()
  const answer = await cache.fetch(blobPath(blob.digest))
  assert.ok([502, 503, 504].includes(answer.status), `${answer.status}`)
  assert.ok(performance.now() - started < 2000)
  await hub.start()
  hub.bandwidth = undefined
  await eventually(
    'the upstream is asked again',
    async () => (await cache.fetch(blobPath(blob.digest))).status === 200,
  )
  const continued = hub.requests.list({ ref: blob.digest, method: 'GET' }).at(-1)
  assert.equal(continued?.headers['range'], `bytes=${parked?.size}-`, 'what was here was kept')
})
