import { type FileKind, fileOf, keptWith } from '../../domain/file-names.ts'
import { fromRef } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { BLOCKS } from './plan-ask.ts'

/** A repository of anything but images. */
export interface FilePlace {
  readonly id: number
  readonly kind: FileKind
  readonly repository: string
}

/** One name in it. */
export interface FileLine {
  readonly ref: string
  readonly digest: Buffer
  /** Bytes on disk; undefined: it is not here. */
  readonly bytes: number | undefined
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
  readonly checkedAt: number
  readonly goneAt: number | undefined
  readonly pinned: boolean
}

/** A file that is here, at least in part. */
export interface FoundFile {
  readonly of: FilePlace
  readonly file: string
  /** What clients ask for. */
  readonly lines: readonly FileLine[]
  /** What goes with it and nobody asks for: hashes of a version. */
  readonly kept: readonly FileLine[]
}

export interface FoundFiles {
  readonly files: readonly FoundFile[]
  /** Names that belong to no file that is here: lists, pointers, notes. */
  readonly beside: readonly FileLine[]
}

/** All repositories that are none of images. */
export function filePlaces(db: Db): readonly FilePlace[] {
  // What is in the index was put there by a front end.
  return prepared<[], FilePlace>(
    db,
    `SELECT id, front_end AS kind, name AS repository FROM main.repositories WHERE front_end <> 'oci'
      ORDER BY front_end, name`,
  ).all()
}

export function findPlace(db: Db, { kind, repository }: Omit<FilePlace, 'id'>): FilePlace | undefined {
  return prepared<[string, string], FilePlace>(
    db,
    `SELECT id, front_end AS kind, name AS repository FROM main.repositories
      WHERE front_end = ? AND front_end <> 'oci' AND name = ?`,
  ).get(kind, repository)
}

interface Row extends Omit<FileLine, 'ref' | 'bytes' | 'goneAt' | 'pinned'> {
  readonly ref: string | Buffer
  readonly bytes: number | null
  readonly goneAt: number | null
  readonly pinned: number | null
}

/** Reads what a repository has, at this moment. */
export function createFileReader(db: Db): (place: FilePlace) => FoundFiles {
  const select = prepared<[number], Row>(
    db,
    `SELECT e.ref, e.digest, ${BLOCKS} AS bytes, e.created_at AS firstCached, e.used_at AS lastUsed, e.pulls,
            e.checked_at AS checkedAt, e.gone_at AS goneAt, b.pinned
       FROM main.entries e LEFT JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'file' ORDER BY e.ref`,
  )
  return (place) => sortOut(place, select.all(place.id).map(toLine))
}

function toLine(row: Row): FileLine {
  return {
    ...row,
    ref: fromRef(row.ref),
    bytes: row.bytes ?? undefined,
    goneAt: row.goneAt ?? undefined,
    pinned: row.pinned === 1,
  }
}

function sortOut(of: FilePlace, all: readonly FileLine[]): FoundFiles {
  const beside: FileLine[] = []
  const known = new Map<string, { lines: FileLine[]; kept: FileLine[] }>()
  for (const line of all) {
    const key = { frontEnd: of.kind, upstream: of.kind, repository: of.repository, ref: line.ref }
    const file = keptWith(key)?.file
    if (file === undefined) {
      beside.push(line)
      continue
    }
    const one = known.get(file) ?? { lines: [], kept: [] }
    known.set(file, one)
    one[fileOf(key) === undefined ? 'kept' : 'lines'].push(line)
  }
  const files: FoundFile[] = []
  for (const [file, { lines, kept }] of known)
    if (lines.some(({ bytes }) => bytes !== undefined)) files.push({ of, file, lines, kept })
    else beside.push(...lines, ...kept)
  return { files, beside }
}

/** Everything that goes when a file goes. */
export function allOf({ lines, kept }: FoundFile): readonly FileLine[] {
  return kept.length === 0 ? lines : [...lines, ...kept]
}

/** A digest as a key of maps, which is shorter than its hex. */
export function digestKey({ digest }: Pick<FileLine, 'digest'>): string {
  return digest.toString('latin1')
}
