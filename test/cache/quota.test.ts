import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { createAnnexPlace } from '../../src/cache/annex.ts'
import { createBudgets } from '../../src/cache/budgets.ts'
import { createDepartures } from '../../src/cache/departures.ts'
import { createEviction } from '../../src/cache/eviction.ts'
import { createHot } from '../../src/cache/hot.ts'
import { createLeaving } from '../../src/cache/leaving.ts'
import { createLedger } from '../../src/cache/ledger.ts'
import { createQuota, type Quota, type QuotaLimits, type Reservation } from '../../src/cache/quota.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import { openDb } from '../../src/db/open.ts'
import { onDisk } from '../../src/domain/blocks.ts'
import { digestOf } from '../../src/domain/digest.ts'
import { SILENT } from '../../src/domain/log.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')
const KIB = 1024

interface Shop {
  readonly quota: Quota
  readonly index: Index
  readonly store: Store
  readonly limits: QuotaLimits
  /** Keeps `size` bytes for which room was reserved, used at `at`. */
  keep(size: number, at: number): Promise<void>
}

async function openShop(t: Cleanup, limits: QuotaLimits): Promise<Shop> {
  const store = createStore(await tempDir(t), () => true)
  const index = openIndex(store.layout.index, MIGRATIONS)
  t.after(() => index.close())
  const quota = await createCounted({ index, store, limits })
  let count = 0
  const keep = async (size: number, at: number): Promise<void> => {
    const bytes = Buffer.alloc(size, `${++count} `)
    const part = await store.begin(`document-${count}`, undefined)
    await part.write(bytes)
    await part.flushed()
    await part.verify(undefined)
    const digest = digestOf(bytes)
    await index.transact(() => index.blobs.add({ digest, size, stamp: store.place(part, digest), at }))
    part.release()
    quota.settle(onDisk(size))
  }
  return { quota, index, store, limits, keep }
}

/** A quota with everything it needs to make room. */
async function createCounted({
  index,
  store,
  limits,
}: Pick<Shop, 'index' | 'store' | 'limits'>): Promise<Quota> {
  const budgets = createBudgets({ index, limitOf: () => 0 })
  const annex = createAnnexPlace(() => false)
  const ledger = await createLedger({ index, store, annex })
  const leaving = createLeaving({ index, store, hot: createHot(), budgets, ledger })
  const undo = { makeRoom: async () => ({ objects: 0, bytes: 0 }) }
  const departures = createDepartures()
  const deps = { index, store, budgets, leaving, departures, undo, annex, ledger, log: SILENT }
  const eviction = createEviction(deps)
  return createQuota({ store, ledger, budgets, eviction, limits: () => limits })
}

const LIMIT = 256 * KIB

/** What a download does with its room. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('reserve' as const), bytes: fc.integer({ min: 0, max: 300 * KIB }) }),
  fc.record({ kind: fc.constant('land' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('release' as const), which: fc.nat() }),
  fc.record({
    kind: fc.constant('grow' as const),
    which: fc.nat(),
    bytes: fc.integer({ min: 0, max: 64 * KIB }),
  }),
)

test('used and reserved together never pass the limit, and everything reserved is given back', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const shop = await openShop(t, { maxSize: LIMIT, evictTo: 200 * KIB, minFree: 0 })
      const held: { reservation: Reservation; bytes: number }[] = []
      const check = (): void => {
        const { used, reserved } = shop.quota.usage()
        assert.ok(used + reserved <= LIMIT, `${used} + ${reserved}`)
        assert.ok(used >= 0 && reserved >= 0)
        assert.equal(
          reserved,
          held.reduce((sum, { bytes }) => sum + bytes, 0),
        )
      }
      for (const [at, action] of steps.entries()) {
        const which = 'which' in action && held.length > 0 ? action.which % held.length : 0
        const chosen = held[which]
        if (action.kind === 'reserve') {
          const reservation = await shop.quota.reserve(action.bytes)
          const mustFit = onDisk(action.bytes) + held.reduce((sum, { bytes }) => sum + bytes, 0) <= LIMIT
          assert.equal(
            reservation !== undefined,
            mustFit,
            'what is cached makes room, what is reserved does not',
          )
          if (reservation !== undefined) held.push({ reservation, bytes: onDisk(action.bytes) })
        } else if (chosen !== undefined && action.kind === 'grow') {
          if (await chosen.reservation.grow(action.bytes)) chosen.bytes += action.bytes
        } else if (chosen !== undefined) {
          held.splice(which, 1)
          chosen.reservation.release()
          if (action.kind === 'land') await shop.keep(chosen.bytes, at)
        }
        check()
      }
      for (const { reservation } of held.splice(0)) {
        reservation.release()
        reservation.release()
      }
      check()
      assert.equal(shop.quota.usage().used, shop.index.blobs.totals().bytes)
    }),
    { numRuns: 40, interruptAfterTimeLimit: 12_000 },
  )
})

suite('room', () => {
  test('is made from the coldest blobs, down to evict_to', async (t) => {
    const { quota, index, keep } = await openShop(t, { maxSize: 120 * KIB, evictTo: 60 * KIB, minFree: 0 })
    for (let at = 1; at <= 10; at++) await keep(12 * KIB, at)
    const all = index.blobs.coldest(20).map((blob) => blob.digest)
    assert.ok(await quota.reserve(1))
    assert.deepEqual(
      index.blobs.coldest(20).map((blob) => blob.digest),
      all.slice(5),
    )
    assert.deepEqual(quota.usage(), { used: 60 * KIB, reserved: 4 * KIB })
  })

  test('larger than the whole limit is refused and evicts nothing', async (t) => {
    const { quota, index, keep } = await openShop(t, { maxSize: 100 * KIB, evictTo: 90 * KIB, minFree: 0 })
    await keep(50 * KIB, 1)
    assert.equal(await quota.reserve(101 * KIB), undefined)
    assert.equal(index.blobs.totals().count, 1)
  })

  test('is not taken twice by those who ask at once', async (t) => {
    const { quota, keep } = await openShop(t, { maxSize: 100 * KIB, evictTo: 90 * KIB, minFree: 0 })
    await keep(20 * KIB, 1)
    const asked = await Promise.all(Array.from({ length: 20 }, () => quota.reserve(16 * KIB)))
    assert.equal(asked.filter((reservation) => reservation !== undefined).length, 6)
    assert.deepEqual(quota.usage(), { used: 0, reserved: 6 * 16 * KIB })
  })

  test('without a limit is always there, but not below min_free', async (t) => {
    const { quota } = await openShop(t, { maxSize: 0, evictTo: 0, minFree: 0 })
    assert.ok(await quota.reserve(1e15))
    const tight = await openShop(t, { maxSize: 0, evictTo: 0, minFree: 1e15 })
    assert.equal(await tight.quota.reserve(1), undefined)
  })

  test('of pinned blobs is never taken', async (t) => {
    const { quota, index, store, keep } = await openShop(t, {
      maxSize: 100 * KIB,
      evictTo: 50 * KIB,
      minFree: 0,
    })
    await keep(60 * KIB, 1)
    const db = openDb(store.layout.index)
    db.exec('UPDATE blobs SET pinned = 1')
    db.close()
    assert.equal(await quota.reserve(60 * KIB), undefined)
    assert.equal(index.blobs.totals().count, 1)
    assert.ok(await quota.reserve(40 * KIB))
  })

  test('what was used but not yet written down counts as used when room is made', async (t) => {
    const { quota, index, keep } = await openShop(t, { maxSize: 100 * KIB, evictTo: 90 * KIB, minFree: 0 })
    for (const at of [1, 2, 3]) await keep(30 * KIB, at)
    const [oldest] = index.blobs.coldest(1)
    assert.ok(oldest)
    const key = { frontEnd: 'oci', upstream: 'docker.io', repository: 'a', kind: 'blob', ref: 'x' } as const
    index.uses.note({ key, digest: oldest.digest, at: 10, pulled: true })
    assert.ok(await quota.reserve(30 * KIB))
    assert.ok(index.blobs.find(oldest.digest))
  })

  test('taken by an earlier run is counted at the start', async (t) => {
    const { store, index, limits, keep } = await openShop(t, {
      maxSize: 100 * KIB,
      evictTo: 90 * KIB,
      minFree: 0,
    })
    await keep(5000, 1)
    await writeFile(store.layout.part('sha256-left'), Buffer.alloc(5000))
    const later = await createCounted({ index, store, limits })
    assert.deepEqual(later.usage(), { used: 4 * 4096, reserved: 0 })
  })
})
