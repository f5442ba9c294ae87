import type { Annexed, AnnexPlace } from '../cache/annex.ts'
import type { Shelf } from '../cache/shelf.ts'
import type { BlobRow, CheckMark } from '../db/blobs.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import { fileOf, fileText } from '../domain/file-names.ts'
import { type EntryKey, keyName } from '../domain/names.ts'
import type { Store } from '../store/store.ts'
import { createBlobCheck, type Flaw } from './blob-check.ts'
import { createMirrorCheck, mirrorName } from './mirror-check.ts'
import type { VerifyProblem, VerifyReport } from './problem.ts'
import { createRefetch } from './refetch.ts'
import { strayFiles } from './strays.ts'
import type { Watch } from './watch.ts'

/** What is to be checked. */
export interface VerifyScope {
  readonly digests: readonly Sha256[]
  /** Mirrors of git repositories: "github.com/owner/repo". */
  readonly mirrors: readonly string[]
}

export interface VerifyAsk {
  /** Undefined: everything, what was checked longest ago first, then mirrors. */
  readonly only: VerifyScope | undefined
  /** Fetches damaged content again now, instead of when somebody next asks for it. */
  readonly repair: boolean
  /** Bytes per second; 0: as fast as it goes. Mirrors are read by git, one after the other, as fast as that goes. */
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
  readonly annex: Pick<AnnexPlace, 'list' | 'check'>
  /** Fetches the content of a name anew, to its end. */
  readonly refetch: (key: EntryKey) => Promise<void>
  /** Makes a mirror anew. */
  readonly refetchMirror: (name: string) => Promise<void>
  readonly clock: Clock
}

const PAGE = 100

export function createVerify(deps: VerifyDeps): Verify {
  const { index, shelf, clock } = deps
  const check = createBlobCheck(deps)
  const checkMirror = createMirrorCheck(deps)
  const refetch = createRefetch(deps)

  /** The names are looked up before they go with the row. */
  const condemn = async (blob: BlobRow, flaw: Flaw, mustRepair: boolean): Promise<VerifyProblem> => {
    const { problem, closed } = flaw
    const keys = index.entries.namesOf(blob.digest, 20)
    const found = { digest: blob.digest, problem, names: [...new Set(keys.map(entryText))] }
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
      const mirrors = await mirrorsIn(deps, only)
      const { total, bytesTotal } = await expected(index, only?.digests, mirrors)
      const problems: VerifyProblem[] = only === undefined ? await strayFiles(deps, mustRepair) : []
      let blobs = 0
      let bytes = 0
      for (const page of only === undefined ? listAll() : listOnly(only.digests)) {
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
      let looked = 0
      for (const mirror of mirrors) {
        watch.signal.throwIfAborted()
        const found = await checkMirror(mirror.name, { signal: watch.signal, mustRepair })
        if (found === 'absent') continue
        if (found !== 'sound') problems.push(found)
        looked++
        bytes += mirror.bytes
        const done = blobs + looked
        watch.progress({ subject: mirrorName(mirror.name), done, total, bytes, bytesTotal })
      }
      const ms = Math.round(performance.now() - startedAt)
      return { blobs, bytes, mirrors: looked, problems, ms }
    },
  }
}

const WHY: Record<Flaw['problem'], string> = {
  damaged: 'its bytes changed',
  missing: 'its file is missing',
  size: 'its file has another size',
  unreadable: 'it cannot be read',
}

/** Names of files as everybody writes them. */
function entryText(key: EntryKey): string {
  const file = fileOf(key)
  return file === undefined ? keyName(key) : fileText(file)
}

async function mirrorsIn({ annex }: VerifyDeps, only: VerifyScope | undefined): Promise<readonly Annexed[]> {
  const all = await annex.list()
  return only === undefined ? all : all.filter(({ name }) => only.mirrors.includes(name))
}

async function expected(
  index: Index,
  only: readonly Sha256[] | undefined,
  mirrors: readonly Annexed[],
): Promise<{ total: number; bytesTotal: number }> {
  const beside = mirrors.reduce((sum, { bytes }) => sum + bytes, 0)
  if (only === undefined) {
    const { blobs, bytes } = await index.clerk.ask('totals', {})
    return { total: blobs + mirrors.length, bytesTotal: bytes + beside }
  }
  const rows = only.map((digest) => index.blobs.find(digest)).filter((row) => row !== undefined)
  const bytesTotal = rows.reduce((sum, { size }) => sum + size, beside)
  return { total: rows.length + mirrors.length, bytesTotal }
}
