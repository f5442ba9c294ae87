import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { image } from '../../src/db/accounts/image.ts'
import { images, repositories } from '../../src/db/accounts/lists.ts'
import { removal } from '../../src/db/accounts/removal.ts'
import { totals } from '../../src/db/accounts/totals.ts'
import { migrate } from '../../src/db/migrate.ts'
import { type Db, openDb } from '../../src/db/open.ts'
import { openReader } from '../../src/db/reader.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import {
  below,
  imageSums,
  imagesOf,
  isComplete,
  isSame,
  type Model,
  type ModelEntry,
  removalOf,
  repositorySums,
} from './accounts-model.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

const LAYERS = [0, 1, 2, 3, 4, 5]
const MANIFESTS = [6, 7, 8, 9]
const INDEXES = [10, 11]
const NESTING = [12]
const DOCUMENTS = [13, 14]
const REPOSITORIES = [1, 2, 3]
const COUNT = 15

const digestOf = (blob: number): `sha256:${string}` =>
  `sha256:${blob.toString(16).padStart(2, '0').repeat(32)}`
const bytesOf = (blob: number): Buffer => Buffer.alloc(32, blob)
const nameOf = (repository: number) => ({
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

const model: fc.Arbitrary<Model> = fc.record({
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

interface Bench {
  readonly writer: Db
  readonly reader: Db
}

async function openBench(t: Cleanup): Promise<Bench> {
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

function write({ writer }: Bench, { sizes, here, pinned, isIndex, edges, entries }: Model): void {
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
      const type = isIndex[one.blob] === true ? 'application/vnd.oci.image.index.v1+json' : null
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

const EXACT = { exact: true, limit: 1000 }

suite('accounts of random indexes', () => {
  test('images and repositories are as large as the rules say', async (t) => {
    const bench = await openBench(t)
    const check = (one: Model): void => {
      write(bench, one)
      const rows = images(bench.reader, EXACT).items
      const expected = imagesOf(one)
      assert.deepEqual(
        rows.map(({ repositoryId, digest }) => `${repositoryId} ${digest}`).toSorted(),
        expected.map(({ repository, blob }) => `${repository} ${digestOf(blob)}`).toSorted(),
      )
      for (const row of rows) {
        const it = expected.find(
          (want) => want.repository === row.repositoryId && digestOf(want.blob) === row.digest,
        )
        assert.ok(it)
        const { total, onlyHere, shared, state } = row
        const sums = imageSums(one, it)
        assert.deepEqual({ total, onlyHere, shared }, { ...sums, shared: sums.total - sums.onlyHere })
        assert.equal(state, isComplete(one, it.blob) ? 'complete' : 'partial')
        const names = one.entries.filter((e) => e.kind === 'manifest' && isSame(e)(it))
        assert.deepEqual(row.tags, names.flatMap(({ tag }) => tag ?? []).toSorted())
        assert.equal(row.pinned, one.pinned[it.blob] === true)
        const numbers = names.map((e) => one.entries.indexOf(e))
        assert.equal(
          row.pulls,
          numbers.reduce((sum, at) => sum + at, 0),
        )
        assert.equal(row.firstCached, 100 - Math.max(...numbers))
        assert.equal(row.lastUsed, 200 + Math.max(...numbers))
        const single = image(bench.reader, { ...nameOf(it.repository), ref: row.digest })
        const byTag = image(bench.reader, { ...nameOf(it.repository), ref: row.tags[0] ?? row.digest })
        if (names.some(({ tag }) => tag === undefined)) assert.deepEqual(single?.row, row)
        if (row.tags.length > 0) assert.deepEqual(byTag?.row, row)
        if (byTag === undefined) continue
        assert.deepEqual(
          byTag.blobs.map(({ digest }) => digest).toSorted(),
          [...below(one, it.blob)].map(digestOf).toSorted(),
        )
      }
      for (const row of repositories(bench.reader, EXACT).items) {
        const { total, onlyHere } = row
        assert.deepEqual({ total, onlyHere }, repositorySums(one, row.repositoryId))
      }
      const listed = repositories(bench.reader, EXACT).items.map(({ repositoryId }) => repositoryId)
      const filled = one.entries
        .filter(({ blob }) => one.here[blob] === true)
        .map(({ repository }) => repository)
      assert.deepEqual(new Set(listed), new Set(filled))
      const sums = totals(bench.reader, { exact: true })
      assert.equal(sums.repositories, listed.length)
      assert.equal(sums.blobs, one.here.filter(Boolean).length)
    }
    fc.assert(fc.property(model, check), { numRuns: 500 })
  })

  test('a removal takes exactly what nothing else needs', async (t) => {
    const bench = await openBench(t)
    const check = (one: Model, choice: readonly boolean[]): void => {
      write(bench, one)
      const named = one.entries.filter(({ kind }) => kind === 'manifest')
      const chosen = named.filter((_, at) => choice[at] === true)
      const asked = chosen.filter((e, at) => chosen.findIndex(isSame(e)) === at)
      const want = removalOf(one, asked)
      const got = removal(bench.reader, {
        images: asked.map(({ repository, blob }) => ({ ...nameOf(repository), digest: digestOf(blob) })),
      })
      const keys = want.entries.map(
        (e) => `${nameOf(e.repository).repository} ${e.kind} ${e.tag ?? digestOf(e.blob)}`,
      )
      assert.deepEqual(got.digests.toSorted(), want.digests.map(digestOf).toSorted())
      assert.deepEqual(
        got.entries.map((e) => `${e.repository} ${e.kind} ${e.ref}`).toSorted(),
        keys.toSorted(),
      )
      assert.deepEqual({ total: got.total, frees: got.frees }, { total: want.total, frees: want.frees })
    }
    fc.assert(fc.property(model, fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }), check), {
      numRuns: 1000,
    })
  })
})
