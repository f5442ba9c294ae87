import { join } from 'node:path'
import * as fc from 'fast-check'
import { migrate } from '../../src/db/migrate.ts'
import { type Db, openDb } from '../../src/db/open.ts'
import { openReader } from '../../src/db/reader.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import type { Model, ModelEntry } from './accounts-model.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

export const LAYERS = [0, 1, 2, 3, 4, 5]
export const MANIFESTS = [6, 7, 8, 9]
const INDEXES = [10, 11]
const NESTING = [12]
const DOCUMENTS = [13, 14]
export const REPOSITORIES = [1, 2, 3]
const COUNT = 15

export const digestOf = (blob: number): `sha256:${string}` =>
  `sha256:${blob.toString(16).padStart(2, '0').repeat(32)}`
export const bytesOf = (blob: number): Buffer => Buffer.alloc(32, blob)
export const nameOf = (repository: number) => ({
  upstream: repository < 3 ? 'docker.io' : 'ghcr.io',
  repository: `r${repository}`,
})

const flags = (least: number) =>
  fc
    .array(fc.boolean(), { minLength: COUNT, maxLength: COUNT })
    .map((all) => all.map((one, at) => one || at % 7 < least))
const pick = (from: readonly number[], most: number) =>
  fc.uniqueArray(fc.constantFrom(...from), { maxLength: most })
const edgesFrom = (parents: readonly number[], children: readonly number[]) =>
  fc
    .tuple(...parents.map(() => pick(children, 3)))
    .map((all) => all.flatMap((some, at) => some.map((child): [number, number] => [parents[at] ?? 0, child])))

const entry: fc.Arbitrary<ModelEntry> = fc.oneof(
  fc.record({
    repository: fc.constantFrom(...REPOSITORIES),
    kind: fc.constant('manifest' as const),
    tag: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
    blob: fc.constantFrom(...MANIFESTS, ...INDEXES, ...NESTING),
  }),
  fc.record({
    repository: fc.constantFrom(...REPOSITORIES),
    kind: fc.constant('blob' as const),
    tag: fc.constant(undefined),
    blob: fc.constantFrom(...LAYERS, ...LAYERS, ...MANIFESTS),
  }),
  fc.record({
    repository: fc.constantFrom(...REPOSITORIES),
    kind: fc.constant('tags' as const),
    tag: fc.constant('list'),
    blob: fc.constantFrom(...DOCUMENTS),
  }),
)
const keyOf = (one: ModelEntry): string => `${one.repository} ${one.kind} ${one.tag ?? `#${one.blob}`}`

/** Indexes of a handful of rows, with whatever can go wrong in them. Blobs are numbers. */
export const model: fc.Arbitrary<Model> = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: COUNT, maxLength: COUNT }),
  here: flags(4),
  pinned: fc.oneof(fc.constant(Array.from({ length: COUNT }, () => false)), flags(0)),
  isIndex: fc
    .boolean()
    .map((typed) =>
      Array.from({ length: COUNT }, (_, at) => typed && (INDEXES.includes(at) || NESTING.includes(at))),
    ),
  edges: fc
    .tuple(
      edgesFrom(MANIFESTS, LAYERS),
      edgesFrom(INDEXES, MANIFESTS),
      edgesFrom(NESTING, [...INDEXES, ...MANIFESTS]),
    )
    .map((all) => all.flat()),
  entries: fc.uniqueArray(entry, { selector: keyOf, maxLength: 16 }),
})

export interface Bench {
  readonly writer: Db
  readonly reader: Db
}

export async function openBench(t: Cleanup): Promise<Bench> {
  const file = join(await tempDir(t), 'cachalot.db')
  const writer = openDb(file)
  migrate(writer, MIGRATIONS)
  const reader = openReader(file)
  t.after(() => {
    reader.close()
    writer.close()
  })
  return { writer, reader }
}

/** As upstreams say it. */
function typeOf(blob: number): string | null {
  if (INDEXES.includes(blob) || NESTING.includes(blob)) return 'application/vnd.oci.image.index.v1+json'
  return MANIFESTS.includes(blob) ? 'application/vnd.oci.image.manifest.v1+json' : null
}

export function write({ writer }: Bench, { sizes, here, pinned, isIndex, edges, entries }: Model): void {
  writer.transaction(() => {
    for (const table of ['entries', 'edges', 'blobs', 'repositories']) writer.exec(`DELETE FROM ${table}`)
    for (const id of REPOSITORIES) {
      const { upstream, repository } = nameOf(id)
      writer.prepare("INSERT INTO repositories VALUES (?, 'oci', ?, ?)").run(id, upstream, repository)
    }
    const blob = writer.prepare(
      `INSERT INTO blobs (digest, size, stamp, created_at, used_at, verified_at, pinned) VALUES (?, ?, 1, 1, 1, 1, ?)`,
    )
    for (const [at, isHere] of here.entries())
      if (isHere) blob.run(bytesOf(at), sizes[at], pinned[at] === true ? 1 : 0)
    const edge = writer.prepare('INSERT INTO edges VALUES (?, ?, ?)')
    for (const [parent, child] of edges) edge.run(bytesOf(parent), bytesOf(child), sizes[child])
    const put = writer.prepare(
      `INSERT INTO entries (repository, kind, ref, digest, media_type, size, fetched_at, checked_at, created_at, used_at,
                            pulls) VALUES (?, ?, ?, ?, ?, 0, 1, 1, ?, ?, ?)`,
    )
    for (const [at, one] of entries.entries()) {
      const type = isIndex.includes(true) ? typeOf(one.blob) : null
      put.run(
        one.repository,
        one.kind,
        one.tag ?? bytesOf(one.blob),
        bytesOf(one.blob),
        type,
        100 - at,
        200 + at,
        at,
      )
    }
  })()
}
