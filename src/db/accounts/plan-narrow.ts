import { toBytes } from '../digests.ts'
import type { Db } from '../open.ts'
import { type BlobList, sliceBlobs } from './blob-list.ts'
import { DEEPEST } from './gather.ts'
import { createFileFinder } from './pinned-files.ts'
import type { PartName, PlanOrder } from './plan-shape.ts'

export interface Narrowing {
  skips(reason: string): boolean
  /** Whether it may still go. */
  keeps(image: PartName): boolean
}

/** Marks what is excluded as held. Part of a plan, before anything is chosen. */
export function narrow(db: Db, { exclude }: PlanOrder): Narrowing {
  const { reasons = [], images = [], files = [] } = exclude ?? {}
  const below = db
    .prepare<[Buffer], Buffer>(
      `WITH RECURSIVE below (digest, depth) AS (
         SELECT ?, 0 UNION
         SELECT e.child, depth + 1 FROM below CROSS JOIN main.edges e ON e.parent = below.digest
          WHERE depth < ${DEEPEST})
       SELECT DISTINCT digest FROM below`,
    )
    .pluck()
  const hold = db.prepare('INSERT OR IGNORE INTO temp.held VALUES (?)')
  const excluded = new Set<string>()
  for (const { upstream, repository, digest } of images) {
    for (const bytes of below.all(toBytes(digest))) {
      hold.run(bytes)
      excluded.add(`${upstream}/${repository}@sha256:${bytes.toString('hex')}`)
    }
  }
  for (const { digest } of createFileFinder(db)(files)) hold.run(digest)
  return {
    skips: (reason) => reasons.includes(reason),
    keeps: ({ upstream, repository, digest }) => !excluded.has(`${upstream}/${repository}@${digest}`),
  }
}

/** SQL that limits blobs `b` to those of a list; to none that is known of where there is no list. */
export function among(db: Db, list: BlobList | undefined): string {
  if (list === undefined) return ''
  db.exec(`DROP TABLE IF EXISTS temp.among; CREATE TEMP TABLE among (digest BLOB PRIMARY KEY) WITHOUT ROWID`)
  const add = db.prepare('INSERT OR IGNORE INTO temp.among VALUES (?)')
  for (const { digest } of sliceBlobs(list, 0, list.sizes.length)) add.run(toBytes(digest))
  return 'AND b.digest IN temp.among'
}
