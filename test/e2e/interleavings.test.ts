import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import type { Fault } from '../support/fake-faults.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobPath,
  MIB,
  pull,
  upstreamBytes,
} from './support.ts'

const SIZE = 600_000

/** One client: when it comes, what it asks for, and after how many bytes it leaves. */
const client = fc.record({
  at: fc.integer({ min: 0, max: 60 }),
  range: fc.option(fc.tuple(fc.integer({ min: 0, max: SIZE - 1 }), fc.integer({ min: 0, max: SIZE }))),
  leavesAfter: fc.option(fc.integer({ min: 1, max: SIZE }), { freq: 1 }),
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD'),
})

/** What goes wrong with successive upstream answers; none of it may show. */
const cut: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ resetAfter: fc.integer({ min: 0, max: SIZE }) }),
  fc.record({ truncateAfter: fc.integer({ min: 0, max: SIZE }) }),
  fc.constant<Fault>({ ignoreRange: true }),
  fc.constant<Fault>({ status: 503 }),
  fc.record({ latencyMs: fc.integer({ min: 0, max: 30 }) }),
)

/** Three refusals in a row are an error, rightly; so many never come here. */
const cuts = fc
  .array(cut, { maxLength: 4 })
  .filter((faults) => faults.filter((fault) => fault.status !== undefined).length <= 2)

test('whoever joins, leaves and is cut in whatever order: every answer is right, one file is left', async (t) => {
  const { hub, cache } = await startPair(t, { abandonGrace: 2, config: { cache: { finish_abandoned: '0' } } })
  await fc.assert(
    fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 8 }), cuts, async (clients, faults) => {
      const blob = addBlob(hub, SIZE)
      hub.bandwidth = 12 * MIB
      for (const fault of faults) hub.faults.add({ when: { ref: blob.digest }, times: 1, fault })
      const path = blobPath(blob.digest)
      await Promise.all(
        clients.map(async ({ at, range, leavesAfter, method }) => {
          await sleep(at)
          const [start = 0, length = SIZE] = range ?? []
          const end = Math.min(SIZE - 1, start + length)
          const headers = range === null ? {} : { range: `bytes=${start}-${end}` }
          if (leavesAfter !== null) {
            const stream = await cache.open(path, { headers, method })
            const bytes = await stream.read(leavesAfter)
            if (method === 'GET')
              assert.ok(contentBytes(blob.content, start, start + bytes.length).equals(bytes))
            stream.destroy()
            return
          }
          const answer = await cache.fetch(path, { headers, method })
          if (method === 'HEAD') assert.equal(answer.headers['content-length'], String(SIZE))
          else if (range === null) assertWhole(answer, blob)
          else {
            assert.equal(answer.status, 206)
            assert.ok(answer.complete)
            assert.ok(contentBytes(blob.content, start, end + 1).equals(answer.body))
          }
        }),
      )
      hub.faults.clear()
      hub.bandwidth = undefined
      await pull(cache, blob)
      assert.ok(upstreamBytes(hub, blob.digest) <= (2 + faults.length) * SIZE)
    }),
    { numRuns: 60, endOnFailure: true, interruptAfterTimeLimit: 25_000 },
  )
  await assertNoParts(cache.dataDir)
  await assertStoreSound(cache.dataDir)
})
