import type { FilePlace } from './file-entries.ts'
import { type FileFacts, factsOf, placeName } from './file-facts.ts'
import type { FileLedger } from './file-ledger.ts'

/** A ledger of files in few large pieces, which are written and read in a fraction of the time that objects take. */
export interface PackedFiles {
  readonly places: readonly FilePlace[]
  readonly of: Uint32Array
  readonly names: readonly string[]
  /** One after the other for each file, as `NUMBERS` has them. */
  readonly numbers: Float64Array
  readonly counts: Uint32Array
  readonly pieces: Uint32Array
  readonly bytes: Float64Array
}

const NUMBERS = ['total', 'onlyHere', 'firstCached', 'lastUsed', 'pulls', 'checkedAt'] as const
/** And when it was gone (0: it is not), and whether it is marked. */
const WIDTH = NUMBERS.length + 2

export function packFiles({ files, pieces, bytes }: FileLedger): PackedFiles {
  const places = [...new Set(files.map(({ of }) => of))]
  const numberOf = new Map(places.map((place, at) => [place, at]))
  const numbers = new Float64Array(files.length * WIDTH)
  for (const [at, file] of files.entries()) {
    const row = [...NUMBERS.map((key) => file[key]), file.goneAt ?? 0, file.marked ? 1 : 0]
    numbers.set(row, at * WIDTH)
  }
  return {
    places,
    of: Uint32Array.from(files, ({ of }) => numberOf.get(of) ?? 0),
    names: files.map(({ file }) => file),
    numbers,
    counts: Uint32Array.from(pieces, (own) => own.length),
    pieces: Uint32Array.from(pieces.flat()),
    bytes: Float64Array.from(bytes),
  }
}

export function unpackFiles(packed: PackedFiles): FileLedger {
  const { places, of, names, numbers, counts, pieces, bytes } = packed
  const placeNames = places.map(placeName)
  const files = names.map((file, at): FileFacts => {
    const place = places[of[at] ?? 0]
    if (place === undefined) throw new Error('a file of no repository')
    const row = numbers.subarray(at * WIDTH, (at + 1) * WIDTH)
    const [total = 0, onlyHere = 0, firstCached = 0, lastUsed = 0, pulls = 0, checkedAt = 0] = row
    const [goneAt = 0, marked = 0] = row.subarray(NUMBERS.length)
    const sums = { total, onlyHere, firstCached, lastUsed, pulls, checkedAt }
    return factsOf(
      { of: place, place: placeNames[of[at] ?? 0] ?? '', file },
      { ...sums, goneAt: goneAt === 0 ? undefined : goneAt, marked: marked === 1 },
    )
  })
  let next = 0
  const own = Array.from(counts, (count) => [...pieces.subarray(next, (next += count))])
  return { files, pieces: own, bytes: [...bytes] }
}
