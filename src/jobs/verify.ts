import type { Shelf } from '../cache/shelf.ts'
import type { BlobRow, CheckMark } from '../db/blobs.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import { type EntryKey, keyName } from '../domain/names.ts'
import type { Store } from '../store/store.ts'
import { createBlobCheck, type Flaw } from './blob-check.ts'
import type { VerifyProblem, VerifyReport } from './problem.ts'
import { createRefetch } from './refetch.ts'
import { strayFiles } from './strays.ts'
import type { Watch } from './watch.ts'

export interface VerifyAsk {
  /** Undefined: everything, what was checked longest ago first. */
  readonly only: readonly Sha256[] | undefined
  /** Fetches damaged content again now, instead of when somebody next asks for it. */
  readonly repair: boolean
  /** Bytes per second; 0: as fast as it goes. */
  readonly rate: number
}

export interface Verify {
  /**
   * Hashes what is on disk and compares disk and index. Damaged content is put aside at once. Rejects with the
   * reason of the watch's signal once that is aborted; what was checked until then counts.
   */
  run(ask: VerifyAsk, watch: Watch): Promise<VerifyReport>
}

export interface VerifyDeps {
  readonly index: Index
  readonly store: Store
  readonly shelf: Shelf
  /** Fetches the content of a name anew, to its end. */
  readonly refetch: (key: EntryKey) => Promise<void>
  readonly clock: Clock
}

const PAGE = 100

export function createVerify(deps: VerifyDeps): Verify {
  const { index, shelf, clock } = deps
  const check = createBlobCheck(deps)
  const refetch = createRefetch(deps)

  /** The names are looked up before they go with the row. */
  const condemn = async (blob: BlobRow, flaw: Flaw, mustRepair: boolean): Promise<VerifyProblem> => {
    const { problem, closed } = flaw
    const keys = index.entries.namesOf(blob.digest, 20)
    const found = { digest: blob.digest, problem, names: keys.map(keyName) }
    if (closed !== undefined) return { ...found, repaired: false, why: closed }
    await shelf.condemn(blob, WHY[problem])
    if (!mustRepair) return { ...found, repaired: false }
    const why = await refetch(blob.digest, keys)
    return why === undefined ? { ...found, repaired: true } : { ...found, repaired: false, why }
  }

  const listOnly = function* (only: readonly Sha256[]): Generator<readonly BlobRow[]> {
    for (const digest of only) {
      const row = index.blobs.find(digest)
      if (row !== undefined) yield [row]
    }
  }

  const listAll = function* (): Generator<readonly BlobRow[]> {
    const before = clock()
    let mark: CheckMark | undefined
    for (;;) {
      const page = index.blobs.leastChecked(PAGE, { before, mark })
      if (page.length === 0) return
      yield page
      mark = page.at(-1)
    }
  }

  return {
    run: async ({ only, repair: mustRepair, rate }, watch) => {
      const startedAt = performance.now()
      const { count: total, bytes: bytesTotal } = await expected(index, only)
      const problems: VerifyProblem[] = only === undefined ? await strayFiles(deps, mustRepair) : []
      let blobs = 0
      let bytes = 0
      for (const page of only === undefined ? listAll() : listOnly(only)) {
        for (const blob of page) {
          watch.signal.throwIfAborted()
          const checked = await check(blob.digest, { rate, signal: watch.signal })
          if (checked === undefined) continue
          const { row, flaw } = checked
          if (flaw !== undefined) problems.push(await condemn(row, flaw, mustRepair))
          blobs++
          bytes += row.size
          watch.progress({ subject: blob.digest, done: blobs, total, bytes, bytesTotal })
        }
      }
      return { blobs, bytes, problems, ms: Math.round(performance.now() - startedAt) }
    },
  }
}

const WHY: Record<Flaw['problem'], string> = {
  damaged: 'its bytes changed',
  missing: 'its file is missing',
  size: 'its file has another size',
  unreadable: 'it cannot be read',
}

async function expected(
  index: Index,
  only: readonly Sha256[] | undefined,
): Promise<{ count: number; bytes: number }> {
  if (only === undefined) {
    const { blobs, bytes } = await index.clerk.ask('totals', {})
    return { count: blobs, bytes }
  }
  const rows = only.map((digest) => index.blobs.find(digest)).filter((row) => row !== undefined)
  return { count: rows.length, bytes: rows.reduce((sum, { size }) => sum + size, 0) }
}
