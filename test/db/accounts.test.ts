import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { image } from '../../src/db/accounts/image.ts'
import { images, repositories } from '../../src/db/accounts/lists.ts'
import { removal, removalSums } from '../../src/db/accounts/removal.ts'
import { totals } from '../../src/db/accounts/totals.ts'
import {
  below,
  imageSums,
  imagesOf,
  isComplete,
  isSame,
  type Model,
  removalOf,
  repositorySums,
} from './accounts-model.ts'
import { digestOf, model, nameOf, openBench, write } from './accounts-random.ts'

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
      const names = asked.map(({ repository, blob }) => ({ ...nameOf(repository), digest: digestOf(blob) }))
      const got = removal(bench.reader, { images: names })
      const keys = want.entries.map(
        (e) => `${nameOf(e.repository).repository} ${e.kind} ${e.tag ?? digestOf(e.blob)}`,
      )
      assert.deepEqual(got.digests.toSorted(), want.digests.map(digestOf).toSorted())
      assert.deepEqual(
        got.entries.map((e) => `${e.repository} ${e.kind} ${e.ref}`).toSorted(),
        keys.toSorted(),
      )
      assert.deepEqual({ total: got.total, frees: got.frees }, { total: want.total, frees: want.frees })
      const { pinned, notFound, total, frees } = got
      assert.deepEqual(removalSums(bench.reader, { images: names }), {
        pinned,
        notFound,
        lostFiles: [],
        objects: got.digests.length,
        total,
        frees,
      })
    }
    fc.assert(fc.property(model, fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }), check), {
      numRuns: 1000,
    })
  })
})
