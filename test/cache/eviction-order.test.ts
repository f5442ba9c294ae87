import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { type Annex, type Annexed, createAnnexPlace } from '../../src/cache/annex.ts'
import { createBudgets } from '../../src/cache/budgets.ts'
import { createDepartures } from '../../src/cache/departures.ts'
import { createEviction, type Eviction } from '../../src/cache/eviction.ts'
import { createHot } from '../../src/cache/hot.ts'
import { createLeaving } from '../../src/cache/leaving.ts'
import { createLedger, type Ledger } from '../../src/cache/ledger.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import { digestOf, type Sha256 } from '../../src/domain/digest.ts'
import { SILENT } from '../../src/domain/log.ts'
import { createStore } from '../../src/store/store.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')
const SIZE = 4096

interface Place {
  readonly index: Index
  readonly eviction: Eviction
  readonly ledger: Ledger
  /** Those that are there; whoever is in `busy` is in use as soon as somebody wants to take it. */
  readonly mirrors: Map<string, Annexed>
  readonly busy: Set<string>
  readonly pinned: Set<string>
  blob(name: string, usedAt: number): Promise<void>
  mirror(name: string, usedAt: number): void
  /** Names of what is here, the coldest first. */
  left(): string[]
}

async function openPlace(t: Cleanup): Promise<Place> {
  const store = createStore(await tempDir(t), () => true)
  const index = openIndex(store.layout.index, MIGRATIONS)
  t.after(() => index.close())
  const [mirrors, busy, pinned] = [new Map<string, Annexed>(), new Set<string>(), new Set<string>()]
  const blobs = new Map<string, { digest: Sha256; usedAt: number }>()
  const annex = createAnnexPlace((name) => pinned.has(name))
  const ledger = await createLedger({ index, store, annex })
  const budgets = createBudgets({ index, limitOf: () => 0 })
  const leaving = createLeaving({ index, store, hot: createHot(), budgets, ledger })
  const undo = { makeRoom: async () => ({ objects: 0, bytes: 0 }) }
  const departures = createDepartures()
  annex.hold(annexOf(mirrors, { busy, ledger }))
  const usedAtOf = (name: string): number => blobs.get(name)?.usedAt ?? mirrors.get(name)?.usedAt ?? 0
  return {
    index,
    eviction: createEviction({
      index,
      store,
      budgets,
      leaving,
      departures,
      undo,
      annex,
      ledger,
      log: SILENT,
    }),
    ledger,
    mirrors,
    busy,
    pinned,
    blob: async (name, usedAt) => {
      const bytes = Buffer.alloc(SIZE, `${name} `)
      const part = await store.begin(`document-${name}`, undefined)
      await part.write(bytes)
      await part.flushed()
      await part.verify(undefined)
      const digest = digestOf(bytes)
      await index.transact(() =>
        index.blobs.add({ digest, size: SIZE, stamp: store.place(part, digest), at: usedAt }),
      )
      part.release()
      ledger.used += SIZE
      blobs.set(name, { digest, usedAt })
    },
    mirror: (name, usedAt) => {
      const account = { name, bytes: SIZE, usedAt, createdAt: 0, confirmedAt: 0, uses: 0, isBusy: false }
      mirrors.set(name, account)
      ledger.used += SIZE
    },
    left: () =>
      [
        ...[...blobs].filter(([, { digest }]) => index.blobs.find(digest)).map(([name]) => name),
        ...mirrors.keys(),
      ].toSorted((a, b) => usedAtOf(a) - usedAtOf(b)),
  }
}

/** What lies beside the store, without git. */
function annexOf(
  mirrors: Map<string, Annexed>,
  { busy, ledger }: { busy: ReadonlySet<string>; ledger: Ledger },
): Annex {
  return {
    bytes: async () => mirrors.size * SIZE,
    list: async () => [...mirrors.values()],
    check: async () => 'sound',
    evict: async (name) => {
      if (busy.has(name) || !mirrors.delete(name)) return 0
      ledger.used -= SIZE
      return SIZE
    },
  }
}

suite('content beside the store goes with all other content by last use', () => {
  test('a mirror between two blobs goes exactly in between', async (t) => {
    const { eviction, ledger, left, blob, mirror } = await openPlace(t)
    await blob('old', 1000)
    mirror('middle', 2000)
    await blob('young', 3000)
    for (const expected of [['middle', 'young'], ['young'], []]) {
      assert.deepEqual(await eviction.evict(1), { objects: 1, bytes: SIZE })
      assert.deepEqual(left(), expected)
      assert.equal(ledger.used, expected.length * SIZE)
    }
    assert.deepEqual(await eviction.evict(1), { objects: 0, bytes: 0 })
  })

  test('however many there are, and whatever is asked for at once', async (t) => {
    const place = fc.record({ isMirror: fc.boolean(), usedAt: fc.integer({ min: 1, max: 100_000 }) })
    const places = fc.uniqueArray(place, { minLength: 1, maxLength: 12, selector: ({ usedAt }) => usedAt })
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 12 }), async (content, count) => {
        const { eviction, left, blob, mirror } = await openPlace(t)
        for (const { isMirror, usedAt } of content) {
          if (isMirror) mirror(`mirror-${usedAt}`, usedAt)
          else await blob(`blob-${usedAt}`, usedAt)
        }
        const all = left()
        const goes = Math.min(count, all.length)
        assert.equal((await eviction.evict(count * SIZE)).bytes, goes * SIZE)
        assert.deepEqual(left(), all.slice(goes))
      }),
      { numRuns: 30 },
    )
  })

  test('more blobs than one look takes, all of them colder and warmer than a mirror', async (t) => {
    const { eviction, left, blob, mirror } = await openPlace(t)
    for (let i = 0; i < 230; i++) await blob(`cold-${i}`, 1000 + i)
    mirror('between', 1215)
    mirror('warm', 9000)
    await eviction.evict(215 * SIZE)
    assert.equal(left()[0], 'cold-215', 'what was used at the same moment: blobs first')
    await eviction.evict(2 * SIZE)
    assert.equal(left()[0], 'cold-216')
    assert.ok(!left().includes('between') && left().includes('warm'))
    await eviction.evict(14 * SIZE)
    assert.deepEqual(left(), ['warm'])
    await eviction.evict(SIZE)
    assert.deepEqual(left(), [])
  })

  test('what is pinned or in use stays, and what comes after it goes', async (t) => {
    const { eviction, left, blob, mirror, busy, pinned } = await openPlace(t)
    for (const name of ['pinned', 'busy', 'loose']) mirror(name, 1000)
    await blob('young', 2000)
    pinned.add('pinned')
    busy.add('busy')
    assert.deepEqual(await eviction.evict(SIZE), { objects: 1, bytes: SIZE })
    assert.deepEqual(left(), ['pinned', 'busy', 'young'])
    assert.deepEqual(await eviction.evict(3 * SIZE), { objects: 1, bytes: SIZE })
    assert.deepEqual(left(), ['pinned', 'busy'])
  })
})
