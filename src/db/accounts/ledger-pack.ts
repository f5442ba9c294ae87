import type { ImageFacts, Ledger, RepositoryFacts } from './ledger.ts'

type Column = Exclude<keyof ImageFacts, 'of'>

/** Whoever adds a fact adds it here. */
const COLUMNS: Readonly<Record<Column, true>> = {
  digest: true,
  tagList: true,
  ref: true,
  tags: true,
  mediaType: true,
  isComplete: true,
  replacedAt: true,
  goneAt: true,
  moved: true,
  pinned: true,
  total: true,
  onlyHere: true,
  firstCached: true,
  lastUsed: true,
  pulls: true,
  created: true,
  platforms: true,
}
// Keys of an object whose type says which there are.
const NAMES = Object.keys(COLUMNS) as readonly Column[]

/** A ledger in the form of columns, which is written and read in a fraction of the time that its rows take. */
export interface PackedLedger {
  readonly repositories: readonly RepositoryFacts[]
  readonly shared: Ledger['shared']
  /** Of each image the place of its repository. */
  readonly of: Uint32Array
  readonly columns: Readonly<Record<string, readonly unknown[]>>
}

/** Packs it; what was packed belongs to the ledger, too. */
export function packLedger({ images, repositories, shared }: Ledger): PackedLedger {
  const places = new Map(repositories.map((facts, at) => [facts, at]))
  const of = Uint32Array.from(images, (image) => places.get(image.of) ?? 0)
  const columns = Object.fromEntries(NAMES.map((name) => [name, images.map((image) => image[name])]))
  return { repositories, shared, of, columns }
}

/** Throws where it is not what this version packs. */
export function unpackLedger({ repositories, shared, of, columns }: PackedLedger): Ledger {
  const names = Object.keys(columns)
  if (names.length !== NAMES.length || !NAMES.every((name) => columns[name]?.length === of.length))
    throw new Error('these are not the columns of a ledger')
  const intern = createIntern()
  const images = Array.from(of, (place, at): ImageFacts => {
    const facts = repositories[place]
    if (facts === undefined) throw new Error('an image belongs to no repository')
    const row: Record<string, unknown> = { of: facts }
    for (const name of NAMES) row[name] = intern(name, columns[name]?.[at])
    // Every column of the type is there.
    return row as unknown as ImageFacts
  })
  return { images, repositories, shared }
}

/** Thousands of images have one of a handful of types and platforms. */
function createIntern(): (name: Column, value: unknown) => unknown {
  const known = new Map<unknown, unknown>()
  return (name, value) => {
    if (name !== 'mediaType' && name !== 'platforms') return value
    const same = known.get(value)
    if (same !== undefined) return same
    known.set(value, value)
    return value
  }
}
