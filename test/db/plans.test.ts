import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openIndex } from '../../src/db/index.ts'
import { openDb } from '../../src/db/open.ts'
import { tempDir } from '../support/temp.ts'

const ROOT = join(import.meta.dirname, '../..')
const HOT = ['entries.ts', 'blobs.ts', 'edges.ts']

/** May look at everything: once at the start, or a list for people. */
const MAY_SCAN = [/count\(\*\)/, /FROM repositories/]

/** Every statement that these files prepare. */
function statements(): string[] {
  return HOT.flatMap((file) => {
    const written = readFileSync(join(ROOT, 'src/db', file), 'utf8')
    const source = written.replaceAll(/\$\{blocksOf\('(\w+)'\)\}/g, '$1')
    const found = source.matchAll(/db\.prepare(?:<[^(]*>)?\(\s*(?:'([^']*)'|`([^`]*)`)/g)
    return [...found].map(([, quoted, template]) => quoted ?? template ?? '')
  })
}

test('every statement of the request path and of eviction finds its rows through an index', async (t) => {
  const file = join(await tempDir(t), 'cachalot.db')
  await openIndex(file, join(ROOT, 'migrations')).close()
  const db = openDb(file)
  t.after(() => db.close())
  const all = statements()
  assert.ok(all.length >= 17, `${all.length} statements were found`)
  for (const sql of all) {
    const plan = db
      .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql.replaceAll(/@\w+|\?/g, 'NULL')}`)
      .all()
      .map((row) => row.detail)
    const scans = plan.filter(
      (line) => /^SCAN (?!CONSTANT)/.test(line) && !/USING (COVERING )?INDEX/.test(line),
    )
    if (!MAY_SCAN.some((one) => one.test(sql))) assert.deepEqual(scans, [], sql)
    assert.ok(
      !plan.some((line) => /TEMP B-TREE/.test(line)) || MAY_SCAN.some((one) => one.test(sql)),
      `${sql}: ${plan.join('; ')}`,
    )
  }
})

test('the coldest blobs come out of the partial index in order, without sorting', async (t) => {
  const file = join(await tempDir(t), 'cachalot.db')
  await openIndex(file, join(ROOT, 'migrations')).close()
  const db = openDb(file)
  t.after(() => db.close())
  const sql = statements().find((one) => one.includes('pinned = 0'))
  const plan = db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(1, 2, Buffer.alloc(32), 4)
  assert.match(
    plan.map((row) => row.detail).join('\n'),
    /^SEARCH blobs USING (COVERING )?INDEX blobs_coldest \(.*\)$/,
  )
})
