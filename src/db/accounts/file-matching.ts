import { MINUTE } from '../../domain/clock.ts'
import type { Condition } from '../../domain/condition.ts'
import type { FileKind, FileName, WholeFileName } from '../../domain/file-names.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { createPinTest, fileTest } from './file-conditions.ts'
import { createFileReader, type FilePlace, type FoundFile, findPlace } from './file-entries.ts'
import {
  type FileFacts,
  type FileItem,
  fileFacts,
  type MirrorLine,
  mirrorFacts,
  standingOf,
  toFileItem,
} from './file-facts.ts'
import type { FileLedger } from './file-ledger.ts'
import { fileLedgerOf } from './file-lists.ts'
import { createOnlyHere } from './file-sharing.ts'

export interface FileMatchAsk {
  /** Files, or repositories with all their files. */
  readonly names: readonly FileName[]
  readonly globs: readonly string[]
  readonly kind?: FileKind
  /** Must hold for all of them; where there are neither names nor globs, for any file. */
  readonly conditions: readonly Condition[]
  readonly pins: readonly string[]
  readonly mirrors: readonly MirrorLine[]
  readonly most: number
  /** Sizes are of that moment or later, in milliseconds since the epoch. */
  readonly notBefore: number
}

export interface ChosenFile extends FileItem {
  /** What it is at this moment: it changes with its bytes. "" for a mirror. */
  readonly standing: string
}

/** By name and by glob, in the order they were asked for; `tooMany`: how many there are, where that is above `most`. */
export type FileMatches =
  | {
      readonly byName: readonly (readonly ChosenFile[])[]
      readonly byGlob: readonly (readonly ChosenFile[])[]
    }
  | { readonly tooMany: number }

interface Known {
  readonly facts: FileFacts
  /** Undefined for a mirror. */
  readonly found: FoundFile | undefined
}

/** What is used while a ledger is made may be written down a moment later. */
const MARGIN_MS = MINUTE

/**
 * The files that a selection means at this moment, and mirrors among them. Which repositories to look into is told by
 * lists that may be behind, and by what was used since; what is in them is read now. Of sizes, what is only here may be
 * as old as the lists.
 */
export function matchingFiles(db: Db, ask: FileMatchAsk): FileMatches {
  const find = createFind(db, ask)
  return db.transaction((): FileMatches => {
    const { names, globs, conditions, kind, most, pins } = ask
    const rest = { conditions, pins, ...(kind === undefined ? {} : { kind }) }
    const isPinned = createPinTest(pins)
    const show = ({ facts, found }: Known): ChosenFile => ({
      ...toFileItem(facts, isPinned(facts)),
      standing: found === undefined ? '' : standingOf(found),
    })
    const test = fileTest(rest)
    const byName = names.map((name) => find.named(name).filter(({ facts }) => test(facts)))
    const queries = globs.length > 0 ? globs : names.length > 0 ? [] : [undefined]
    const byGlob: Known[][] = []
    for (const q of queries) {
      const found = find.all(fileTest({ ...rest, ...(q === undefined ? {} : { q }) }), most)
      if (typeof found === 'number') return { tooMany: found }
      byGlob.push(found)
    }
    return { byName: byName.map((all) => all.map(show)), byGlob: byGlob.map((all) => all.map(show)) }
  })()
}

function createFind(db: Db, { mirrors, notBefore }: FileMatchAsk) {
  const onlyHereOf = createOnlyHere(db)
  const repositories = createRepositories(db)
  const own = mirrors.map((mirror): Known => ({ facts: mirrorFacts(mirror), found: undefined }))
  let since: readonly FilePlace[] | undefined

  const named = ({ kind, repository, file }: FileName): Known[] => {
    const place = findPlace(db, { kind, repository })
    const here = place === undefined ? NO_FILES : repositories(place, onlyHereOf)
    if (file !== undefined) return [here.get(file)].filter((known) => known !== undefined)
    const mirror = own.filter(({ facts }) => kind === 'git' && facts.of.repository === repository)
    return [...mirror, ...here.values()]
  }

  const all = (test: (facts: FileFacts) => boolean, most: number): Known[] | number => {
    const { value, asOf } = fileLedgerOf(db, notBefore)
    const before = value.files.filter(test)
    if (before.length > most) return before.length
    since ??= usedSince(db, asOf - MARGIN_MS)
    const known = sizesIn(value)
    const sizeOf = (found: FoundFile): number => known(found) ?? onlyHereOf(found)
    const places = new Map([...before.map(({ of }) => of), ...since].map((place) => [place.id, place]))
    const now = [...places.values()].flatMap((place) => [...repositories(place, sizeOf).values()])
    return [...own, ...now].filter(({ facts }) => test(facts))
  }
  return { named, all }
}

/** By their names in a repository. */
type KnownFiles = ReadonlyMap<string, Known>
const NO_FILES: KnownFiles = new Map()

/** Reads each repository once. */
function createRepositories(
  db: Db,
): (place: FilePlace, onlyHereOf: (found: FoundFile) => number) => KnownFiles {
  const read = createFileReader(db)
  const known = new Map<number, KnownFiles>()
  const toKnown = (found: FoundFile, onlyHereOf: (found: FoundFile) => number): [string, Known] => [
    found.file,
    { facts: fileFacts(found, onlyHereOf(found)), found },
  ]
  return (place, onlyHereOf) => {
    const files = known.get(place.id) ?? new Map(read(place).files.map((found) => toKnown(found, onlyHereOf)))
    known.set(place.id, files)
    return files
  }
}

const sizes = new WeakMap<FileLedger, ReadonlyMap<string, number>>()

/** What is only here of files that lists know. */
function sizesIn(ledger: FileLedger): (found: FoundFile) => number | undefined {
  const known = sizes.get(ledger) ?? new Map(ledger.files.map((file) => [sizeKey(file), file.onlyHere]))
  sizes.set(ledger, known)
  return (found) => known.get(sizeKey(found))
}

function sizeKey({ of, file }: Pick<FoundFile, 'of' | 'file'>): string {
  return `${of.id} ${file}`
}

/** Repositories where something came or was used since. */
function usedSince(db: Db, since: number): readonly FilePlace[] {
  return prepared<[number, number], FilePlace>(
    db,
    `SELECT DISTINCT r.id, r.front_end AS kind, r.name AS repository
       FROM (SELECT digest FROM main.blobs WHERE pinned = 0 AND used_at >= ?
             UNION ALL SELECT digest FROM main.blobs WHERE pinned = 1 AND used_at >= ?) b
            CROSS JOIN main.entries e ON e.digest = b.digest AND e.kind = 'file'
            CROSS JOIN main.repositories r ON r.id = e.repository WHERE r.front_end <> 'oci'`,
  ).all(since, since)
}

export interface FileStanding {
  readonly standing: string
  /** Its upstream does not have it any more, as far as it said. */
  readonly isGone: boolean
}

/** What each of these files is at this moment; undefined for those that are gone from here. */
export function fileStandings(
  db: Db,
  { files }: { readonly files: readonly WholeFileName[] },
): readonly (FileStanding | undefined)[] {
  const read = createFileReader(db)
  const known = new Map<string, ReadonlyMap<string, FileStanding>>()
  const standingsIn = (name: WholeFileName): ReadonlyMap<string, FileStanding> => {
    const place = findPlace(db, name)
    const files = place === undefined ? [] : read(place).files
    return new Map(files.map((one) => [one.file, { standing: standingOf(one), isGone: isGone(one) }]))
  }
  return db.transaction(() =>
    files.map((name) => {
      const place = `${name.kind}:${name.repository}`
      const all = known.get(place) ?? standingsIn(name)
      known.set(place, all)
      return all.get(name.file)
    }),
  )()
}

function isGone({ lines }: FoundFile): boolean {
  return lines.every(({ goneAt }) => goneAt !== undefined)
}
