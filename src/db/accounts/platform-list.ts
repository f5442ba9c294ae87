import type { Db } from '../open.ts'
import { BLOCKS } from './plan-ask.ts'
import { createLook, gatherPieces } from './plan-platforms.ts'
import { closeScope, openScope } from './plan-scope.ts'
import { createPlatformReading } from './platform-reading.ts'

/** Something that images are cached for. */
export interface CachedPlatform {
  /** "linux/arm64" */
  readonly platform: string
  readonly images: number
  /** On disk, of all they hold; what platforms share counts for each. */
  readonly total: number
}

/** Platforms that are cached, the largest first. `blobs`: their folder. */
export function platforms(db: Db, { blobs }: { blobs: string }): readonly CachedPlatform[] {
  openScope(db, { held: [] })
  gatherPieces(db, { youngSince: Number.POSITIVE_INFINITY })
  db.exec(`DROP TABLE IF EXISTS temp.made_for;
           CREATE TEMP TABLE made_for (platform TEXT, digest BLOB, PRIMARY KEY (platform, digest)) WITHOUT ROWID`)
  fill(db, blobs)
  const rows = db
    .prepare<[], CachedPlatform>(
      `SELECT w.platform, sum(w.top) AS images, sum(${BLOCKS}) AS total
         FROM (SELECT platform, digest, max(top) AS top
                 FROM (SELECT platform, digest, 1 AS top FROM temp.made_for
                       UNION ALL
                       SELECT f.platform, e.child, 0 FROM temp.made_for f CROSS JOIN main.edges e ON e.parent = f.digest)
                GROUP BY platform, digest) w
              CROSS JOIN main.blobs b ON b.digest = w.digest
        GROUP BY w.platform ORDER BY total DESC, w.platform`,
    )
    .all()
  closeScope(db)
  db.exec('DROP TABLE temp.piece; DROP TABLE temp.made_for')
  return rows
}

function fill(db: Db, blobs: string): void {
  const platformOf = createLook(createPlatformReading(db, blobs))
  const add = db.prepare('INSERT OR IGNORE INTO temp.made_for VALUES (?, ?)')
  const pieces = db
    .prepare<[], { digest: Buffer; platform: string | null }>(
      `SELECT DISTINCT p.digest, d.platform FROM temp.piece p LEFT JOIN main.descriptions d ON d.digest = p.digest
        WHERE p.is_index = 0`,
    )
    .all()
  for (const piece of pieces) {
    const platform = platformOf(piece)
    for (const one of platform?.split(' ') ?? []) if (!one.startsWith('unknown')) add.run(one, piece.digest)
  }
}
