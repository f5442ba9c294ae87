import type { Ledger } from '../cache/ledger.ts'
import type { Shelf } from '../cache/shelf.ts'
import type { CheckMark } from '../db/blobs.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import { type EntryKey, keyName } from '../domain/names.ts'
import { hashPaced } from '../store/check.ts'
import type { OpenBlob, Store } from '../store/store.ts'
import type { Watch } from './watch.ts'

export interface VerifyProblem {
  readonly digest: string
  readonly problem: 'damaged' | 'missing' | 'size' | 'unreadable' | 'stray'
  /** Names it has; "upstream/repository@digest". */
  readonly names: readonly string[]
  readonly repaired: boolean
  /** Why it could not be repaired. */
  readonly why?: string
}

export interface VerifyReport {
  readonly blobs: number
  readonly bytes: number
  readonly problems: readonly VerifyProblem[]
  readonly ms: number
}

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
  readonly ledger: Ledger
  /** Fetches the content of a name anew, to its end. */
  readonly refetch: (key: EntryKey) => Promise<void>
  readonly clock: Clock
}

const PAGE = 100

interface Listed {
  readonly digest: Sha256
  readonly size: number
  readonly stamp: number
}

export function createVerify(deps: VerifyDeps): Verify {
  const { index, store, shelf, clock } = deps

  /** What is wrong with a blob; undefined when nothing is. */
  const check = async (
    blob: Listed,
    pace: { rate: number; signal: AbortSignal },
  ): Promise<VerifyProblem['problem'] | undefined> => {
    let file: OpenBlob | undefined
    try {
      file = await store.open(blob.digest)
      if (file === undefined) return 'missing'
      if (file.size !== blob.size) return 'size'
      const hex = await hashPaced(file, pace)
      if (`sha256:${hex}` !== blob.digest) return 'damaged'
      const { stamp } = file
      await index.transact(() => index.blobs.verified(blob.digest, stamp, clock()))
      return undefined
    } catch (error) {
      pace.signal.throwIfAborted()
      if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
      return 'unreadable'
    } finally {
      file?.close()
    }
  }

  const repair = async (keys: readonly EntryKey[]): Promise<string | undefined> => {
    let why: string | undefined = 'no name leads to it'
    for (const key of keys) {
      try {
        await deps.refetch(key)
        return undefined
      } catch (error) {
        why = error instanceof Error ? error.message : String(error)
      }
    }
    return why
  }

  /** The names are looked up before they go with the row. */
  const condemn = async (
    blob: Listed,
    problem: VerifyProblem['problem'],
    mustRepair: boolean,
  ): Promise<VerifyProblem> => {
    const keys = index.entries.namesOf(blob.digest, 20)
    await shelf.condemn(blob, WHY[problem])
    const why = mustRepair ? await repair(keys) : undefined
    const found = { digest: blob.digest, problem, names: keys.map(keyName) }
    if (!mustRepair) return { ...found, repaired: false }
    return why === undefined ? { ...found, repaired: true } : { ...found, repaired: false, why }
  }

  const listOnly = function* (only: readonly Sha256[]): Generator<readonly Listed[]> {
    for (const digest of only) {
      const row = index.blobs.find(digest)
      if (row !== undefined) yield [row]
    }
  }

  const listAll = function* (): Generator<readonly Listed[]> {
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
      const { count: total, bytes: bytesTotal } = expected(index, only)
      const problems: VerifyProblem[] = only === undefined ? await strayFiles(deps, mustRepair) : []
      let blobs = 0
      let bytes = 0
      for (const page of only === undefined ? listAll() : listOnly(only)) {
        for (const blob of page) {
          watch.signal.throwIfAborted()
          // It may have left since the page was read.
          if (index.blobs.find(blob.digest) === undefined) continue
          const problem = await check(blob, { rate, signal: watch.signal })
          if (problem !== undefined) problems.push(await condemn(blob, problem, mustRepair))
          blobs++
          bytes += blob.size
          watch.progress({ subject: blob.digest, done: blobs, total, bytes, bytesTotal })
        }
      }
      return { blobs, bytes, problems, ms: Math.round(performance.now() - startedAt) }
    },
  }
}

const WHY: Record<VerifyProblem['problem'], string> = {
  damaged: 'its bytes changed',
  missing: 'its file is missing',
  size: 'its file has another size',
  unreadable: 'it cannot be read',
  stray: 'nothing leads to it',
}

function expected(index: Index, only: readonly Sha256[] | undefined): { count: number; bytes: number } {
  if (only === undefined) return index.blobs.totals()
  const rows = only.map((digest) => index.blobs.find(digest)).filter((row) => row !== undefined)
  return { count: rows.length, bytes: rows.reduce((sum, { size }) => sum + size, 0) }
}

/** Files that nothing leads to take room and do no harm; repairing takes them away. */
async function strayFiles({ index, store }: VerifyDeps, mustRepair: boolean): Promise<VerifyProblem[]> {
  const { files } = await index.clerk.ask('strays', { blobs: store.layout.blobs })
  const problems: VerifyProblem[] = []
  for (const { digest, path } of files) {
    const isStray = await index.transact(() => {
      const lost = digest === undefined || index.blobs.find(digest) === undefined
      if (lost && mustRepair) store.retireFile(path)
      return lost
    })
    if (isStray) problems.push({ digest: digest ?? path, problem: 'stray', names: [], repaired: mustRepair })
  }
  if (mustRepair) await store.emptyTrash()
  return problems
}
