import { createHash } from 'node:crypto'
import { type FileKind, fileText } from '../../domain/file-names.ts'
import { repositoryName } from '../../domain/names.ts'
import { toSha256 } from '../digests.ts'
import { allOf, digestKey, type FileLine, type FilePlace, type FoundFile } from './file-entries.ts'

/** What is known of one file, or of a mirror. */
export interface FileFacts {
  readonly of: FilePlace
  /** Of the repository, as rules and pins write it: "hf:org/model". */
  readonly place: string
  /** "" for a mirror. */
  readonly file: string
  /** As `fileText` writes it. */
  readonly name: string
  /** Bytes on disk. `onlyHere` is what removing it frees, but for what goes with the last file of a repository. */
  readonly total: number
  /** Known last, while a ledger is made. */
  onlyHere: number
  /** Times are milliseconds since the epoch. */
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
  readonly checkedAt: number
  /** Since when its upstream has nothing of it any more, as far as it said. */
  readonly goneAt: number | undefined
  /** Some of its bytes are pinned, be it under another name. */
  readonly marked: boolean
}

/** A mirror of a git repository: it is in nobody's index. */
export interface MirrorLine {
  /** "github.com/owner/repo" */
  readonly repository: string
  readonly bytes: number
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
  readonly checkedAt: number
  readonly goneAt: number | undefined
}

/** No row of the index has this number. */
const NO_ROW = -1

export function mirrorFacts(mirror: MirrorLine): FileFacts {
  const { repository, bytes, ...rest } = mirror
  const of: FilePlace = { id: NO_ROW, kind: 'git', repository }
  const place = placeName(of)
  return { ...rest, of, place, file: '', name: place, total: bytes, onlyHere: bytes, marked: true }
}

type Named = Pick<FileFacts, 'of' | 'place' | 'file'>

export function factsOf(named: Named, rest: Omit<FileFacts, keyof Named | 'name'>): FileFacts {
  const { of, place, file } = named
  return { of, place, file, name: fileText({ ...of, file }), ...rest }
}

/** `place`: its name, where many files of one repository are entered. */
export function fileFacts(found: FoundFile, onlyHere: number, place = placeName(found.of)): FileFacts {
  const { of, file, lines } = found
  const all = allOf(found)
  const gone = lines.map(({ goneAt }) => goneAt)
  return factsOf(
    { of, place, file },
    {
      total: bytesOf(all),
      onlyHere,
      firstCached: least(lines, 'firstCached'),
      lastUsed: most(lines, 'lastUsed'),
      pulls: most(lines, 'pulls'),
      checkedAt: most(lines, 'checkedAt'),
      goneAt: gone.includes(undefined) ? undefined : Math.max(...gone.map((at) => at ?? 0)),
      marked: all.some(({ pinned }) => pinned),
    },
  )
}

export function placeName({ kind, repository }: FilePlace): string {
  return repositoryName({ frontEnd: kind, upstream: kind, repository })
}

/** What several names share counts once. */
function bytesOf(lines: readonly FileLine[]): number {
  const [only] = lines
  if (lines.length === 1) return only?.bytes ?? 0
  return [...new Map(lines.map((line) => [digestKey(line), line.bytes ?? 0])).values()].reduce(
    (a, b) => a + b,
    0,
  )
}

type Times = 'firstCached' | 'lastUsed' | 'pulls' | 'checkedAt'

function least(lines: readonly FileLine[], key: Times): number {
  return Math.min(...lines.map((line) => line[key]))
}

function most(lines: readonly FileLine[], key: Times): number {
  return Math.max(...lines.map((line) => line[key]))
}

/** What a file is at this moment, as one short text: it changes with its bytes. */
export function standingOf({ lines }: FoundFile): string {
  const text = lines.map(({ ref, digest }) => `${ref} ${toSha256(digest)}`).join('\n')
  return createHash('sha256').update(text).digest('base64url')
}

/** A row of a list, as people are told. */
export interface FileItem extends Omit<FileFacts, 'of' | 'marked'> {
  readonly frontEnd: FileKind
  readonly upstream: FileKind
  readonly repository: string
  readonly pinned: boolean
}

export function toFileItem({ of, marked: _marked, ...rest }: FileFacts, pinned: boolean): FileItem {
  return { ...rest, frontEnd: of.kind, upstream: of.kind, repository: of.repository, pinned }
}
