import type { Condition } from '../../domain/condition.ts'
import { type FileKind, refsOf } from '../../domain/file-names.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { createPinTest, fileTest } from './file-conditions.ts'
import { filePlaces } from './file-entries.ts'
import {
  type FileFacts,
  type FileItem,
  type MirrorLine,
  mirrorFacts,
  placeName,
  toFileItem,
} from './file-facts.ts'
import { compareFacts, type FileLedger } from './file-ledger.ts'
import { fileLedgerOf } from './file-lists.ts'
import { needOf } from './kept.ts'
import { type Listing, listPage } from './list.ts'
import type { ListPage } from './rows.ts'

export interface FilesAsk {
  /** A glob on names. */
  readonly q?: string
  readonly kind?: FileKind
  readonly conditions?: readonly Condition[]
  /** "name", "total", "onlyHere", "firstCached", "lastUsed", "pulls"; "-" in front turns it. */
  readonly sort?: string
  readonly limit?: number
  readonly cursor?: string
  /** Patterns of the pins in force that are about files. */
  readonly pins: readonly string[]
  /** Listed among the files. */
  readonly mirrors: readonly MirrorLine[]
  /** As in lists of images. */
  readonly since?: number | undefined
}

const COLUMNS = {
  total: (row: FileFacts) => row.total,
  onlyHere: (row: FileFacts) => row.onlyHere,
  firstCached: (row: FileFacts) => row.firstCached,
  lastUsed: (row: FileFacts) => row.lastUsed,
  pulls: (row: FileFacts) => row.pulls,
}

/** A page of files. Throws a RangeError for unknown columns and cursors. */
export function files(db: Db, ask: FilesAsk): ListPage<FileItem> {
  const { mirrors, ...question } = ask
  const { value, asOf } = fileLedgerOf(db, needOf(ask))
  const listing: Listing<FileFacts> = {
    rows: withMirrors(value, mirrors),
    columns: COLUMNS,
    keyOf: ({ place, file }) => [place, file],
  }
  const isPinned = createPinTest(ask.pins)
  return listPage(listing, question, {
    asOf,
    matches: fileTest(ask),
    isHere: createIsHere(db),
    show: (facts) => toFileItem(facts, isPinned(facts)),
  })
}

interface Merged {
  readonly mirrors: string
  readonly rows: readonly FileFacts[]
}

const merged = new WeakMap<FileLedger, Merged>()

/** The same array as long as nothing changed: what was worked out for it is kept with it. */
function withMirrors(ledger: FileLedger, mirrors: readonly MirrorLine[]): readonly FileFacts[] {
  if (mirrors.length === 0) return ledger.files
  const text = JSON.stringify(mirrors)
  const known = merged.get(ledger)
  if (known?.mirrors === text) return known.rows
  const own = mirrors.map(mirrorFacts).sort(compareFacts)
  const rows: FileFacts[] = []
  let next = 0
  for (const file of ledger.files) {
    for (let mirror = own[next]; mirror !== undefined && compareFacts(mirror, file) < 0; mirror = own[++next])
      rows.push(mirror)
    rows.push(file)
  }
  rows.push(...own.slice(next))
  merged.set(ledger, { mirrors: text, rows })
  return rows
}

/** Whoever took something out and looks at a list that is a minute old must not see it there. */
function createIsHere(db: Db): (file: FileFacts) => boolean {
  const select = prepared<[number, string]>(
    db,
    "SELECT 1 FROM main.entries WHERE repository = ? AND kind = 'file' AND ref = ?",
  )
  return ({ of, file }) =>
    file === '' || refsOf({ ...of, file }).some((ref) => select.get(of.id, ref) !== undefined)
}

export interface FileTotals {
  readonly kind: FileKind
  readonly files: number
  readonly bytes: number
}

/** Files of each kind and the bytes they take, each blob once. `only`: ids of the repositories that count. */
export function fileKinds(
  db: Db,
  {
    only,
    mirrors,
    since,
  }: {
    readonly only: readonly number[] | undefined
    readonly mirrors: readonly MirrorLine[]
    readonly since?: number | undefined
  },
): readonly FileTotals[] {
  const { files: all, pieces, bytes } = fileLedgerOf(db, needOf({ since })).value
  const shown = only === undefined ? undefined : new Set(only)
  const sums = new Map<FileKind, { files: number; bytes: number; seen: Uint8Array }>()
  const sumOf = (kind: FileKind) => {
    const sum = sums.get(kind) ?? { files: 0, bytes: 0, seen: new Uint8Array(bytes.length) }
    sums.set(kind, sum)
    return sum
  }
  for (const [at, { of }] of all.entries()) {
    if (shown?.has(of.id) === false) continue
    const sum = sumOf(of.kind)
    sum.files++
    for (const piece of pieces[at] ?? []) {
      if (sum.seen[piece] === 1) continue
      sum.seen[piece] = 1
      sum.bytes += bytes[piece] ?? 0
    }
  }
  for (const mirror of mirrors) {
    const sum = sumOf('git')
    sum.files++
    sum.bytes += mirror.bytes
  }
  return [...sums].map(([kind, sum]) => ({ kind, files: sum.files, bytes: sum.bytes }))
}

/** Repositories of files as rules name them. */
export function fileRepositories(
  db: Db,
  _input: undefined,
): readonly { readonly id: number; readonly name: string }[] {
  return filePlaces(db).map((place) => ({ id: place.id, name: placeName(place) }))
}
