import type { Sha256 } from '../../domain/digest.ts'
import { fileOf, fileText, type WholeFileName } from '../../domain/file-names.ts'
import { fromRef, toBytes, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { createPinTest } from './file-conditions.ts'
import {
  allOf,
  createFileReader,
  digestKey,
  type FilePlace,
  type FoundFile,
  findPlace,
} from './file-entries.ts'
import { type FileItem, fileFacts, toFileItem } from './file-facts.ts'
import { createOnlyHere } from './file-sharing.ts'

export interface FileEntryItem {
  readonly ref: string
  readonly digest: string
  readonly size: number
  readonly mediaType: string | undefined
  readonly etag: string | undefined
  readonly fetchedAt: number
  readonly checkedAt: number
}

export interface FileDetails {
  readonly file: FileItem
  readonly entries: readonly FileEntryItem[]
  /** Other files with some of the same bytes, the first of them by name. */
  readonly sharedWith: readonly { readonly name: string; readonly place: string }[]
}

const MOST_SHARED = 1000

/** One file at this moment; undefined where it is not here. */
export function file(
  db: Db,
  { pins, ...name }: WholeFileName & { readonly pins: readonly string[] },
): FileDetails | undefined {
  const place = findPlace(db, name)
  if (place === undefined) return undefined
  const found = createFileReader(db)(place).files.find((one) => one.file === name.file)
  if (found === undefined) return undefined
  const facts = fileFacts(found, createOnlyHere(db)(found))
  return {
    file: toFileItem(facts, createPinTest(pins)(facts)),
    entries: entriesOf(db, found),
    sharedWith: sharedWith(db, found),
  }
}

interface EntryRow extends Omit<FileEntryItem, 'digest' | 'mediaType' | 'etag'> {
  readonly digest: Buffer
  readonly mediaType: string | null
  readonly etag: string | null
}

/** Those that are here. */
function entriesOf(db: Db, { of, lines }: FoundFile): readonly FileEntryItem[] {
  const select = prepared<[number, string], EntryRow>(
    db,
    `SELECT e.ref, e.digest, b.size, e.media_type AS mediaType, e.etag, e.fetched_at AS fetchedAt,
            e.checked_at AS checkedAt
       FROM main.entries e JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'file' AND e.ref = ?`,
  )
  return lines.flatMap(({ ref }) => {
    const row = select.get(of.id, ref)
    if (row === undefined) return []
    const { digest, mediaType, etag, ...rest } = row
    return { ...rest, digest: toSha256(digest), mediaType: mediaType ?? undefined, etag: etag ?? undefined }
  })
}

interface NameRow extends Omit<FilePlace, 'id'> {
  readonly ref: string | Buffer
}

/** Names of files for a digest. */
const NAMES = `
  SELECT r.front_end AS kind, r.name AS repository, e.ref
    FROM main.entries e CROSS JOIN main.repositories r ON r.id = e.repository
   WHERE e.digest = ? AND e.kind = 'file' LIMIT ${MOST_SHARED}`

/** The file that a row belongs to; undefined for what is kept beside files. */
function nameOf({ kind, repository, ref }: NameRow): FileDetails['sharedWith'][number] | undefined {
  const of = fileOf({ frontEnd: kind, repository, ref: fromRef(ref) })
  return of === undefined ? undefined : { name: fileText(of), place: fileText({ ...of, file: undefined }) }
}

function sharedWith(db: Db, found: FoundFile): FileDetails['sharedWith'] {
  const select = prepared<[Buffer], NameRow>(db, NAMES)
  const own = fileText({ ...found.of, file: found.file })
  const digests = new Map(allOf(found).map((line) => [digestKey(line), line.digest]))
  const all = [...digests.values()].flatMap((digest) => select.all(digest).map(nameOf))
  const others = all.flatMap((one) => (one === undefined || one.name === own ? [] : [one]))
  const names = new Map(others.map((one) => [one.name, one]))
  return [...names.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Bytes of all files of a repository that are here, each name by itself. */
export function sizeHere(db: Db, name: Omit<FilePlace, 'id'>): number {
  const place = findPlace(db, name)
  if (place === undefined) return 0
  const { kind: frontEnd, repository } = place
  const select = prepared<[number], { ref: string | Buffer; size: number }>(
    db,
    `SELECT e.ref, b.size FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'file'`,
  )
  let bytes = 0
  for (const { ref, size } of select.iterate(place.id))
    if (fileOf({ frontEnd, repository, ref: fromRef(ref) }) !== undefined) bytes += size
  return bytes
}

/** Names of the files that have one of these blobs. */
export function filesOf(db: Db, { digests }: { readonly digests: readonly Sha256[] }): readonly string[] {
  const select = prepared<[Buffer], NameRow>(db, NAMES)
  const names = digests.flatMap((digest) => select.all(toBytes(digest)).map(nameOf))
  return [...new Set(names.flatMap((one) => one?.name ?? []))]
}
