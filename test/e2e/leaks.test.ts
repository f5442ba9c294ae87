import assert from 'node:assert/strict'
import { readdir, readlink } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPair } from '../support/cachalot.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobPath,
  eventually,
  MIB,
  manifestPath,
} from './support.ts'

/** Open files of this process among the content of a data folder. */
async function openFiles(dataDir: string): Promise<string[]> {
  const fds = await readdir('/proc/self/fd')
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return links.filter((link) => /^\/(blobs|parts|trash)\//.test(link.replace(dataDir, '')))
}

/** What keeps the process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

test('after 200 aborted downloads nothing of them is left: no descriptor, no connection, no timer, no part', async (t) => {
  const failures: unknown[] = []
  const note = (error: unknown): void => void failures.push(error)
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
  t.after(() => void process.off('unhandledRejection', note).off('uncaughtException', note))
  const config = { cache: { finish_abandoned: '0' } }
  const { hub, cache } = await startPair(t, { abandonGrace: 5, config })
  const warm = addBlob(hub, 2 * MIB)
  assertWhole(await cache.fetch(blobPath(warm.digest)), warm)
  await assertNoParts(cache.dataDir)
  await sleep(50)
  const before = { files: (await openFiles(cache.dataDir)).length, timers: resources()['Timeout'] ?? 0 }

  const blobs = Array.from({ length: 20 }, () => addBlob(hub, MIB))
  hub.bandwidth = 4 * MIB
  const aborted = async (n: number): Promise<void> => {
    const blob = n % 5 === 0 ? warm : (blobs[n % blobs.length] ?? warm)
    const headers = n % 3 === 0 ? { range: `bytes=${n * 1000}-` } : {}
    const leaving = AbortSignal.timeout(1 + ((n * 37) % 120))
    if (n % 2 === 0) {
      await cache.fetch(blobPath(blob.digest), { headers, signal: leaving, lint: false })
      return
    }
    const stream = await cache.open(blobPath(blob.digest), { headers }).catch(() => undefined)
    await stream?.read(1 + n * 500)
    stream?.destroy()
  }
  for (let wave = 0; wave < 4; wave++) {
    await Promise.all(Array.from({ length: 50 }, (_, n) => aborted(wave * 50 + n)))
  }

  hub.bandwidth = undefined
  await eventually('all upstream requests ended', () => hub.requests.list().every((record) => record.closed))
  await eventually(
    'descriptors are closed',
    async () => (await openFiles(cache.dataDir)).length <= before.files,
  )
  await eventually('timers have ended', () => (resources()['Timeout'] ?? 0) <= before.timers)
  for (const blob of blobs) assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  await assertStoreSound(cache.dataDir)
  await assertNoParts(cache.dataDir)
  await eventually(
    'descriptors are closed',
    async () => (await openFiles(cache.dataDir)).length <= before.files,
  )
  assert.deepEqual(failures, [])
})

test('a client that leaves is no error of ours, whatever it was being sent', async (t) => {
  const { hub, cache } = await startPair(t, { abandonGrace: 5, config: { storage: { max_size: '1MiB' } } })
  hub.addImage('library/app', { tags: ['1'] })
  hub.bandwidth = 8 * MIB
  const large = addBlob(hub, 4 * MIB)
  for (let i = 0; i < 20; i++) {
    const stream = await cache.open(
      blobPath(large.digest),
      i % 2 === 0 ? {} : { headers: { range: 'bytes=9-' } },
    )
    assert.equal(stream.headers['x-cache'], 'bypass')
    await stream.read(1 + i * 20_000)
    stream.destroy()
    void cache.fetch(manifestPath('1'), { signal: AbortSignal.timeout(1 + (i % 4)), lint: false })
  }
  await eventually('the upstream is left alone', () => hub.requests.list().every((record) => record.closed))
  await sleep(20)
  assert.deepEqual(cache.log.find('error'), [])
})

test('a close in the middle of everything ends everything', async (t) => {
  const { hub, cache } = await startPair(t)
  hub.bandwidth = MIB
  const answers = Array.from({ length: 20 }, () => cache.fetch(blobPath(addBlob(hub, 2 * MIB).digest)))
  hub.addImage('library/app', { tags: ['1'] })
  hub.latency = 300
  const tag = cache.fetch(manifestPath('1'))
  await sleep(100)
  await cache.close(10)
  for (const answer of await Promise.all(answers)) assert.equal(answer.complete, false)
  await tag
  await eventually('descriptors are closed', async () => (await openFiles(cache.dataDir)).length === 0)
  await eventually('the upstream is left alone', () => hub.requests.list().every((record) => record.closed))
})
