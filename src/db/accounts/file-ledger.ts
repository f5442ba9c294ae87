import { keptWith } from '../../domain/file-names.ts'
import type { Db } from '../open.ts'
import {
  allOf,
  createFileReader,
  digestKey,
  type FileLine,
  type FilePlace,
  filePlaces,
} from './file-entries.ts'
import { type FileFacts, fileFacts, placeName } from './file-facts.ts'
import { createImageTest } from './file-sharing.ts'

/** Every file, in the order of names: repositories first, then what is in them. */
export interface FileLedger {
  readonly files: readonly FileFacts[]
  /** Of each file, the numbers of the blobs it is made of; `bytes` has their sizes. */
  readonly pieces: readonly (readonly number[])[]
  readonly bytes: readonly number[]
}

const ROWS_PER_STEP = 2000
/** In place of a file: more than one has it. */
const SHARED = -2
const NOBODY = -1

/** Which blobs belong to whom. */
interface Pieces {
  /** Their numbers by digest. */
  readonly numbers: Map<string, number>
  readonly bytes: number[]
  /** The file that has it. */
  readonly owner: number[]
  /** The repository that has it beside its files. */
  readonly beside: number[]
}

/** Reads all of it at one moment, in steps of some milliseconds, on a connection of its own. */
export function* makeFileLedger(db: Db): Generator<void, FileLedger> {
  db.exec('BEGIN')
  const read = createFileReader(db)
  const pieces: Pieces = { numbers: new Map(), bytes: [], owner: [], beside: [] }
  const facts: FileFacts[] = []
  const own: number[][] = []
  let rows = 0
  for (const place of filePlaces(db)) {
    const { files, beside } = read(place)
    const name = placeName(place)
    for (const one of files) {
      own.push(enter(pieces, allOf(one), facts.length))
      facts.push(fileFacts(one, 0, name))
    }
    for (const line of beside) noteBeside(pieces, line, isOfOther(place, line) ? SHARED : place.id)
    rows += files.length + beside.length
    if (rows < ROWS_PER_STEP) continue
    rows = 0
    yield
  }
  yield* shareWithImages(db, pieces)
  addUp(facts, own, pieces)
  yield
  return inOrder(facts, own, pieces.bytes)
}

/** Numbers of the blobs of a file. */
function enter(
  { numbers, bytes, owner, beside }: Pieces,
  lines: readonly FileLine[],
  file: number,
): number[] {
  const own: number[] = []
  for (const line of lines) {
    if (line.bytes === undefined) continue
    const key = digestKey(line)
    const number = numbers.get(key) ?? bytes.length
    if (number === bytes.length) {
      numbers.set(key, number)
      bytes.push(line.bytes)
      owner.push(file)
      beside.push(NOBODY)
    } else if (owner[number] === NOBODY) owner[number] = file
    else if (owner[number] !== file) owner[number] = SHARED
    if (!own.includes(number)) own.push(number)
  }
  return own
}

/** What images have as well. In the order of digests, as the index has them: neighbours are found on pages just read. */
function* shareWithImages(db: Db, { numbers, owner }: Pieces): Generator<void> {
  const isInImages = createImageTest(db)
  let looked = 0
  for (const [key, number] of [...numbers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if ((owner[number] ?? NOBODY) < 0) continue
    if (isInImages(Buffer.from(key, 'latin1'))) owner[number] = SHARED
    if (++looked % ROWS_PER_STEP === 0) yield
  }
}

/** The hash of a version that is not here: it stays when other versions go. */
function isOfOther({ kind, repository }: FilePlace, { ref }: FileLine): boolean {
  return keptWith({ frontEnd: kind, repository, ref }) !== undefined
}

function noteBeside({ numbers, bytes, owner, beside }: Pieces, line: FileLine, repository: number): void {
  if (line.bytes === undefined) return
  const key = digestKey(line)
  const number = numbers.get(key)
  if (number === undefined) {
    numbers.set(key, bytes.length)
    bytes.push(line.bytes)
    owner.push(NOBODY)
    beside.push(repository)
  } else if (beside[number] === NOBODY) beside[number] = repository
  else if (beside[number] !== repository) beside[number] = SHARED
}

/** What is only here of each file. */
function addUp(
  facts: readonly FileFacts[],
  own: readonly (readonly number[])[],
  { bytes, owner, beside }: Pieces,
): void {
  for (const [at, file] of facts.entries())
    for (const number of own[at] ?? []) {
      const others = beside[number]
      if (owner[number] === at && (others === NOBODY || others === file.of.id))
        file.onlyHere += bytes[number] ?? 0
    }
}

function inOrder(
  facts: readonly FileFacts[],
  own: readonly (readonly number[])[],
  bytes: readonly number[],
): FileLedger {
  const places = [...facts.keys()].sort((a, b) => {
    const [one, other] = [facts[a], facts[b]]
    return one === undefined || other === undefined ? 0 : compareFacts(one, other)
  })
  const files = places.flatMap((at) => facts[at] ?? [])
  return { files, pieces: places.map((at) => own[at] ?? []), bytes }
}

/** By the names of their repositories, then by their own. */
export function compareFacts(a: FileFacts, b: FileFacts): number {
  if (a.place !== b.place) return a.place < b.place ? -1 : 1
  if (a.file === b.file) return 0
  return a.file < b.file ? -1 : 1
}
