import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { assertNoParts, blobFiles, MIB } from '../e2e/support.ts'
import { openRaw, request } from '../http/raw.ts'
import { startCachalot } from '../support/cachalot.ts'
import { answer, column, rowCounts, startScripted } from './incoming-support.ts'

/** MISSES=100000 for as many as the advisory that this is about had. */
const MISSES = Number(process.env['MISSES'] ?? 30_000)
/** Of "not found" that is remembered, by design. */
const REMEMBERED = 10_000
/** After this many the memory of them is full. */
const WARM_UP = REMEMBERED + 2000
const CONNECTIONS = 8
/** As many as a connection may have waiting. */
const AT_ONCE = 12

const targetOf = (n: number): string => {
  const text = createHash('sha256').update(String(n)).digest('hex')
  const reference = ['manifests/sha256:' + text, `blobs/sha256:${text}`, `manifests/${text.slice(0, 20)}`][
    n % 3
  ]
  return `/v2/r${n % 1000}/app/${reference}`
}

/** Asks for `count` names nobody has, from the nth on; the statuses of the answers, counted. */
async function ask(port: number, from: number, count: number): Promise<Map<string, number>> {
  const statuses = new Map<string, number>()
  let next = from
  const end = from + count
  const connection = async (): Promise<void> => {
    const socket = await openRaw(port)
    let text = ''
    while (next < end) {
      const batch = Array.from({ length: Math.min(AT_ONCE, end - next) }, () => targetOf(next++))
      const answered = new Promise<void>((resolve) => {
        let left = batch.length
        socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1')
          for (const [, status = ''] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
            statuses.set(status, (statuses.get(status) ?? 0) + 1)
            left--
          }
          // A head may be cut between two chunks.
          text = text.slice(text.lastIndexOf('HTTP/1.1 ') + 1).slice(-60_000)
          if (left === 0) resolve()
        })
      })
      socket.write(batch.map((target) => request(target)).join(''))
      await answered
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  return statuses
}

function heapAfterGc(): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void // what the flag makes
  gc()
  return process.memoryUsage().heapUsed
}

/** SEC-36 */
test('names that nobody has leave no row, no file and no memory behind, however many they are', async (t) => {
  let asked = 0
  const upstream = await startScripted(t, () => {
    asked++
    return answer(404, '{"errors":[{"code":"NAME_UNKNOWN","message":"no"}]}')
  })
  const cache = await startCachalot(t, { hub: upstream, config: { cache: { negative_ttl: '1h' } } })
  const flood = async (from: number, count: number): Promise<number> => {
    const statuses = await ask(cache.port, from, count)
    assert.deepEqual([...statuses], [['404', count]])
    cache.log.clear()
    upstream.clear()
    return heapAfterGc()
  }
  const before = await flood(0, WARM_UP)
  const grown = (await flood(WARM_UP, MISSES - WARM_UP)) - before
  assert.ok(grown < 4 * MIB, `${grown} bytes more`)
  const { blobs, entries, edges, repositories } = rowCounts(cache.dataDir)
  assert.deepEqual([blobs, entries, edges, repositories], [0, 0, 0, 0])
  assert.deepEqual(await blobFiles(cache.dataDir), [])
  await assertNoParts(cache.dataDir)
  assert.deepEqual(await readdir(join(cache.dataDir, 'trash')), [])
  // What was just asked for is remembered, what was asked for long ago is not.
  assert.equal(asked, MISSES)
  await flood(MISSES - REMEMBERED / 2, REMEMBERED / 2)
  assert.equal(asked, MISSES)
  await flood(0, 100)
  assert.equal(asked, MISSES + 100)
})

/** SEC-36 */
test('deletions that nobody may ask for leave no row each, and none that is long', async (t) => {
  const upstream = await startScripted(t, () => answer(404, '{}'))
  const cache = await startCachalot(t, { hub: upstream })
  const long = 'a/'.repeat(6000)
  const asked = Array.from({ length: 100 }, (_, n) => [
    `/v2/a/manifests/t${n}`,
    `/v2/${long}${n}/manifests/x`,
  ]).flat()
  for (const path of asked) assert.equal((await cache.fetch(path, { method: 'DELETE' })).status, 403)
  await cache.close()
  const longest = Number(column(cache.dataDir, 'SELECT coalesce(max(length(target)), 0) FROM audit')[0])
  assert.ok(longest < 1000, `${longest} characters`)
  assert.ok((rowCounts(cache.dataDir)['audit'] ?? 0) < asked.length / 2)
})
