import type { Db } from '../open.ts'
import { DEEPEST } from './gather.ts'
import type { DigestWindow } from './windows.ts'

/**
 * - lacking: manifests with something right below them that is not here
 * - bundle: indexes, and whether what is here of them makes whole images
 */
const TABLES = `
  CREATE TEMP TABLE lacking (parent BLOB PRIMARY KEY) WITHOUT ROWID;
  CREATE TEMP TABLE bundle (digest BLOB PRIMARY KEY, complete INTEGER NOT NULL) WITHOUT ROWID`

/** Whether the manifest in `column` has all it needs. */
export const isComplete = (column: string): string =>
  `coalesce((SELECT complete FROM temp.bundle w WHERE w.digest = ${column}),
            ${column} NOT IN (SELECT parent FROM temp.lacking))`

const HERE = `SELECT 1 FROM main.edges e CROSS JOIN main.blobs c ON c.digest = e.child
               WHERE e.parent = bundle.digest`

/**
 * A manifest is complete when all it references is here. An index is, when at least one of its manifests is here,
 * and each one that is here is complete: nobody needs every platform.
 */
export function* judgeCompleteness(db: Db, windows: readonly DigestWindow[]): Generator<void> {
  db.exec(TABLES)
  const lack = db.prepare(
    `INSERT OR IGNORE INTO temp.lacking SELECT e.parent FROM main.edges e
      WHERE e.child >= @from AND e.child < @to
        AND NOT EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = e.child)`,
  )
  for (const window of windows) {
    lack.run(window)
    yield
  }
  db.exec(`INSERT INTO temp.bundle SELECT DISTINCT digest, 0 FROM temp.named
            WHERE media_type LIKE '%.index.%' OR media_type LIKE '%.manifest.list.%'
           UNION SELECT parent, 0 FROM temp.nested`)
  yield
  yield* judgeIndexes(db, windows)
}

/** From below: the first time, those whose manifests are plain turn out right, and so on. */
function* judgeIndexes(db: Db, windows: readonly DigestWindow[]): Generator<void> {
  const judge = `UPDATE temp.bundle SET complete = EXISTS (${HERE})
                    AND NOT EXISTS (${HERE} AND NOT ${isComplete('e.child')})`
  const all = db.prepare(`${judge} WHERE digest >= @from AND digest < @to`)
  for (const window of windows) {
    all.run(window)
    yield
  }
  const nesting = db.prepare(
    `${judge} WHERE digest IN (SELECT n.parent FROM temp.nested n JOIN temp.bundle b ON b.digest = n.child)`,
  )
  for (let level = 1; level < DEEPEST; level++) {
    nesting.run()
    yield
  }
}
