import * as fc from 'fast-check'
import { fileOf, fileText, keptWith, type WholeFileName } from '../../src/domain/file-names.ts'
import type { EntryKey } from '../../src/domain/names.ts'
import { type Shelf, sha } from './accounts-shelf.ts'

const COMMITS = ['a'.repeat(40), 'b'.repeat(40)]

/** A name in a repository of files, and the number of the blob it leads to. */
interface Name {
  readonly kind: 'go' | 'hf' | 'github'
  readonly repository: 0 | 1
  readonly ref: string
  readonly blob: number
}

const ref = fc.oneof(
  fc
    .constantFrom('info', 'mod', 'zip', 'modhash', 'ziphash')
    .chain((suffix) =>
      fc
        .constantFrom('v1.0.0', 'v1.1.0')
        .map((version) => ({ kind: 'go' as const, ref: `@v/${version}.${suffix}` })),
    ),
  fc.constant({ kind: 'go' as const, ref: '@v/list' }),
  fc
    .tuple(fc.constantFrom(...COMMITS), fc.constantFrom('config.json', 'dir/model.bin'))
    .map(([commit, path]) => ({ kind: 'hf' as const, ref: `${commit}/${path}` })),
  fc.constantFrom('git/1', 'git/2', 'revision/main').map((one) => ({ kind: 'hf' as const, ref: one })),
  fc
    .constantFrom('raw/main/a', 'archive/v1.zip', 'latest/x')
    .map((one) => ({ kind: 'github' as const, ref: one })),
)
const name: fc.Arbitrary<Name> = fc
  .tuple(ref, fc.constantFrom(0 as const, 1 as const), fc.integer({ min: 0, max: 9 }))
  .map(([one, repository, blob]) => ({ ...one, repository, blob }))
/** A small index: names of files and what they lead to, images, and what is to go. */
export const model = fc.record({
  names: fc.uniqueArray(name, {
    maxLength: 24,
    selector: (one) => `${one.kind} ${one.repository} ${one.ref}`,
  }),
  /** Of the two images, which blobs they have. */
  images: fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }), { maxLength: 2 }),
  /** Blobs that are not here, though names lead to them. */
  absent: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 2 }),
  pinned: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 1 }),
  going: fc.array(fc.boolean(), { minLength: 32, maxLength: 32 }),
})
export type Model = typeof model extends fc.Arbitrary<infer T> ? T : never

const REPOSITORIES = {
  go: ['example.com/a', 'example.com/b'],
  hf: ['models/o/a', 'models/o/b'],
  github: ['o/a', 'o/b'],
}
export const blobName = (blob: number): string => `blob ${blob}`
export const sizeOf = (blob: number): number => (blob + 1) * 4096

export function keyOf({ kind, repository, ref: own }: Name): EntryKey {
  return {
    frontEnd: kind,
    upstream: kind,
    repository: REPOSITORIES[kind][repository] ?? '',
    kind: 'file',
    ref: own,
  }
}

export function fillModel({ index, blob, image }: Shelf, { names, images, absent, pinned }: Model): void {
  for (let one = 0; one < 10; one++) if (!absent.includes(one)) blob(blobName(one), one + 1)
  for (const one of names)
    index.entries.put(keyOf(one), {
      digest: sha(blobName(one.blob)),
      size: 1,
      mediaType: undefined,
      etag: undefined,
      headers: {},
      fetchedAt: 1,
      checkedAt: 1,
    })
  for (const [at, blobs] of images.entries())
    image({ repository: 'team/app', tags: [String(at)], manifest: `m${at}`, children: blobs.map(blobName) })
  index.pins.mark(pinned.map((one) => sha(blobName(one))))
}

/** The files of a model by name, with the blobs they have. */
export function filesOf({ names, absent }: Model): ReadonlyMap<string, WholeFileName> {
  const files = names.filter((one) => !absent.includes(one.blob)).map((one) => fileOf(keyOf(one)))
  return new Map(files.flatMap((one) => (one === undefined ? [] : [[fileText(one), one]])))
}

/** What goes, said in another way: names that no rule keeps, then blobs that no name and no image has. */
export function expected(all: Model, going: readonly WholeFileName[], images: readonly number[]) {
  const { names, absent, pinned } = all
  const files = filesOf(all)
  const gone = new Set(going.map(fileText))
  const textOf = (one: Name): string | undefined => {
    const kept = keptWith(keyOf(one))
    const text = kept === undefined ? undefined : fileText(kept)
    return text !== undefined && files.has(text) ? text : undefined
  }
  const placeOf = (one: Name): string => `${one.kind} ${one.repository}`
  const staying = names.filter((one) => textOf(one) !== undefined && !gone.has(textOf(one) ?? ''))
  const leaves = (one: Name): boolean => {
    const text = textOf(one)
    if (text !== undefined) return gone.has(text)
    const here = names.filter((other) => placeOf(other) === placeOf(one))
    if (!here.some((other) => gone.has(textOf(other) ?? ''))) return false
    const rest = staying.filter((other) => placeOf(other) === placeOf(one))
    if (rest.length === 0) return true
    const isOfGoing = here.some(
      (other) =>
        gone.has(textOf(other) ?? '') && fileOf(keyOf(other)) !== undefined && other.blob === one.blob,
    )
    return isOfGoing && !rest.some((other) => other.blob === one.blob)
  }
  const left = names.filter(leaves)
  const needed = new Set([
    ...names.filter((one) => !left.includes(one)).map((one) => one.blob),
    ...all.images.flatMap((blobs, at) => (images.includes(at) ? [] : blobs)),
    ...pinned,
    ...absent,
  ])
  const pieces = new Set([...left.map((one) => one.blob), ...images.flatMap((at) => all.images[at] ?? [])])
  const freed = [...pieces].filter((one) => !needed.has(one))
  return { left, freed, pieces: [...pieces].filter((one) => !absent.includes(one)) }
}
