import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { images } from '../../src/db/accounts/lists.ts'
import { imageIsHere, repositoryIsHere } from '../../src/db/accounts/still-here.ts'
import { model, openBench, write } from './accounts-random.ts'

test('what was taken out is missing from lists that are older than that', async (t) => {
  const bench = await openBench(t)
  fc.assert(
    fc.property(model, (one) => {
      write(bench, one)
      const rows = images(bench.reader, { exact: true, limit: 1000 }).items
      const isHere = (row: (typeof rows)[number]): boolean =>
        imageIsHere(bench.reader)({ of: { id: row.repositoryId }, digest: row.digest })
      assert.ok(rows.every(isHere))
      const [gone] = rows
      if (gone === undefined) return
      bench.writer
        .prepare(`DELETE FROM entries WHERE repository = ? AND digest = unhex(?)`)
        .run(gone.repositoryId, gone.digest.slice('sha256:'.length))
      assert.deepEqual(
        rows.filter((row) => !isHere(row)),
        [gone],
      )
      bench.writer.prepare('DELETE FROM entries WHERE repository = ?').run(gone.repositoryId)
      assert.equal(repositoryIsHere(bench.reader)({ id: gone.repositoryId }), false)
    }),
    { numRuns: 50 },
  )
})
