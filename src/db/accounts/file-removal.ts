import type { WholeFileName } from '../../domain/file-names.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import {
  allOf,
  createFileReader,
  digestKey,
  type FileLine,
  type FilePlace,
  type FoundFiles,
  findPlace,
} from './file-entries.ts'

export interface ChosenFiles {
  /** Those that go. */
  readonly files: readonly WholeFileName[]
  /** Those that are not here. */
  readonly lost: readonly WholeFileName[]
}

/**
 * Fills `leaving` with the names of these files and of what is kept for them alone: names of the same repository that
 * lead to the same bytes, and all there is beside its files once the last one goes.
 */
export function chooseFiles(db: Db, names: readonly WholeFileName[]): ChosenFiles {
  const add = prepared<[number, string, Buffer]>(db, 'INSERT OR IGNORE INTO temp.leaving VALUES (?, ?, ?)')
  const read = createFileReader(db)
  const files: WholeFileName[] = []
  const lost: WholeFileName[] = []
  for (const [place, wanted] of byPlace(db, names, lost)) {
    const found = read(place)
    const here = new Set(found.files.map(({ file }) => file))
    for (const file of wanted)
      (here.has(file) ? files : lost).push({ kind: place.kind, repository: place.repository, file })
    for (const { ref, digest } of linesOf(found, wanted)) add.run(place.id, ref, digest)
  }
  return { files, lost }
}

function byPlace(
  db: Db,
  names: readonly WholeFileName[],
  lost: WholeFileName[],
): ReadonlyMap<FilePlace, ReadonlySet<string>> {
  const places = new Map<string, FilePlace | undefined>()
  const wanted = new Map<FilePlace, Set<string>>()
  for (const name of names) {
    const text = `${name.kind}:${name.repository}`
    if (!places.has(text)) places.set(text, findPlace(db, name))
    const place = places.get(text)
    if (place === undefined) {
      lost.push(name)
      continue
    }
    const files = wanted.get(place) ?? new Set()
    wanted.set(place, files.add(name.file))
  }
  return wanted
}

function linesOf({ files, beside }: FoundFiles, wanted: ReadonlySet<string>): readonly FileLine[] {
  const going = files.filter(({ file }) => wanted.has(file))
  const staying = files.filter(({ file }) => !wanted.has(file))
  if (going.length === 0) return []
  const lines = going.flatMap(allOf)
  if (staying.length === 0) return [...lines, ...beside]
  const needed = new Set(staying.flatMap(allOf).map(digestKey))
  const alone = new Set(
    going.flatMap(({ lines: own }) => own.map(digestKey)).filter((key) => !needed.has(key)),
  )
  return [...lines, ...beside.filter((line) => alone.has(digestKey(line)))]
}

/** SQL: whether a name of a file goes. */
export const isLeaving = (repository: string, ref: string): string =>
  `EXISTS (SELECT 1 FROM temp.leaving l WHERE l.repository = ${repository} AND l.ref = ${ref})`
