import { isPassing } from '../../domain/file-lasting.ts'
import { fileOf, keptWith, refsOf } from '../../domain/file-names.ts'
import type { EntryKey } from '../../domain/names.ts'
import { fromRef, toRef } from '../digests.ts'
import type { Db } from '../open.ts'
import type { PlanAsk } from './plan-ask.ts'

/** A row of `entries`. */
export interface ExpiredFile {
  readonly repository: number
  readonly ref: string | Buffer
  readonly digest: Buffer
  /** When its content was used last; null: it is not here. */
  readonly usedAt: number | null
}

interface Place extends Pick<EntryKey, 'frontEnd'> {
  readonly id: number
  readonly name: string
}

interface Row {
  readonly ref: string | Buffer
  readonly digest: Buffer
  readonly usedAt: number | null
  readonly isGone: number
}

/** What nobody confirmed or used since; what an eviction that can be undone holds stays as it is. */
const OLD = `
  SELECT e.ref, e.digest, b.used_at AS usedAt, e.gone_at IS NOT NULL AS isGone
    FROM main.entries e LEFT JOIN main.blobs b ON b.digest = e.digest
   WHERE e.repository = @id AND e.kind = 'file' AND e.checked_at < @before AND e.used_at < @before
     AND coalesce(b.pinned, 0) = 0 AND e.digest NOT IN (SELECT digest FROM temp.held)`

/**
 * Names of files, and of what is beside them, that nobody confirmed or used for as long as lists are kept: those without
 * content, those that say what something was at the moment, and what is beside files that are not here any more. What its
 * upstream does not have any more stays.
 */
export function* expiredFiles(
  db: Db,
  { staleBefore: before }: Pick<PlanAsk, 'staleBefore'>,
): Generator<ExpiredFile> {
  const places = db
    .prepare<[], Place>(
      "SELECT id, front_end AS frontEnd, name FROM main.repositories WHERE front_end <> 'oci'",
    )
    .all()
  const old = db.prepare<{ id: number; before: number }, Row>(OLD)
  const isLeftBehind = createLeftBehind(db)
  for (const { id, frontEnd, name } of places) {
    for (const { isGone, ...row } of old.all({ id, before })) {
      const entry = { frontEnd, repository: name, ref: fromRef(row.ref) }
      const isFile = fileOf(entry) !== undefined
      const goes =
        row.usedAt === null ||
        (isPassing(entry) ? !isFile || isGone === 0 : !isFile && isLeftBehind(entry, id))
      if (goes) yield { repository: id, ...row }
    }
  }
}

type Entry = Pick<EntryKey, 'frontEnd' | 'repository' | 'ref'>

/** Whether the file that something belongs to is not here, or no file of its repository at all. */
function createLeftBehind(db: Db): (entry: Entry, id: number) => boolean {
  const one = db.prepare<[number, string | Buffer], number>(
    `SELECT 1 FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'file' AND e.ref = ?`,
  )
  const all = db.prepare<[number], string | Buffer>(
    `SELECT e.ref FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'file'`,
  )
  const known = new Map<number, boolean>()
  const hasFiles = (entry: Entry, id: number): boolean => {
    const before = known.get(id)
    if (before !== undefined) return before
    let has = false
    for (const ref of all.pluck().iterate(id))
      if (fileOf({ ...entry, ref: fromRef(ref) }) !== undefined) {
        has = true
        break
      }
    known.set(id, has)
    return has
  }
  return (entry, id) => {
    // Proofs of a checksum database belong to no file here.
    if (entry.frontEnd === 'go' && entry.repository.startsWith('sumdb/')) return false
    const version = keptWith(entry)
    if (version === undefined) return !hasFiles(entry, id)
    return !refsOf(version).some(
      (ref) => fileOf({ ...entry, ref }) !== undefined && one.get(id, toRef(ref)) !== undefined,
    )
  }
}
