import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { isKept } from './plan-goal.ts'
import type { PlannedImage, PlanOrder } from './plan-shape.ts'
import { createPlatformReading, type PlatformReading } from './platform-reading.ts'

/** What attestations are said to be for. */
const NONE = 'unknown/unknown'

/**
 * piece: plain manifests that are here, by the repositories that have them: by a name, or below an index. top = 1: an
 * index. stays = 1: it is not to be touched, whatever it is for.
 */
const TABLE = `CREATE TEMP TABLE piece (
  repository INTEGER, digest BLOB, used_at INTEGER NOT NULL, is_index INTEGER NOT NULL, stays INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)) WITHOUT ROWID`

/** SQL: whether a manifest has manifests below it. */
const hasManifests = (digest: string): string =>
  `EXISTS (SELECT 1 FROM main.edges m CROSS JOIN main.edges m2 ON m2.parent = m.child WHERE m.parent = ${digest})`

const isSpared = (repository: string, digest: string): string =>
  `EXISTS (SELECT 1 FROM temp.spared o WHERE o.repository = ${repository} AND o.digest = ${digest})`

/**
 * Manifests for other platforms than those to keep, with the attestations of such: below indexes, which stay, or by
 * themselves. What no one knows the platform of stays, and so does what is pinned, held, used since `youngSince`, or a part
 * of an image that conditions leave alone. Part of a plan, after `openScope`.
 */
export function otherPlatforms(db: Db, ask: PlanOrder, keep: readonly string[]): readonly PlannedImage[] {
  gatherPieces(db, ask)
  const reading = createPlatformReading(db, ask.blobs)
  const { going, open } = judge(db, { reading, keep })
  const images = [...going, ...attestations(db, { going, open, reading, keep })]
  db.exec('DROP TABLE temp.piece')
  return images
}

/** Makes and fills the table above, of the repositories in scope. */
export function gatherPieces(db: Db, { youngSince }: Pick<PlanOrder, 'youngSince'>): void {
  db.exec(`DROP TABLE IF EXISTS temp.piece; ${TABLE}`)
  db.prepare<{ youngSince: number }>(
    `INSERT INTO temp.piece
     SELECT e.repository, e.digest, max(e.used_at),
            max(e.media_type LIKE '%.index.%' OR e.media_type LIKE '%.manifest.list.%') IS 1
              OR ${hasManifests('e.digest')},
            b.pinned OR max(e.used_at) > @youngSince OR ${isSpared('e.repository', 'e.digest')}
       FROM temp.scope s CROSS JOIN main.entries e ON e.repository = s.repository AND e.kind = 'manifest'
            CROSS JOIN main.blobs b ON b.digest = e.digest
      GROUP BY e.repository, e.digest`,
  ).run({ youngSince })
  const below = db.prepare(
    `INSERT INTO temp.piece
     SELECT p.repository, x.child, 0, ${hasManifests('x.child')}, b.pinned
       FROM temp.piece p CROSS JOIN main.edges x ON x.parent = p.digest CROSS JOIN main.blobs b ON b.digest = x.child
      WHERE p.is_index = 1 AND EXISTS (SELECT 1 FROM main.edges c WHERE c.parent = x.child)
     ON CONFLICT DO NOTHING`,
  )
  // That an index was used lately says nothing of what is below it; that it is to be left alone does.
  const inherit = db.prepare(
    `UPDATE temp.piece AS p SET stays = 1
      WHERE stays = 0 AND EXISTS (
        SELECT 1 FROM main.edges x CROSS JOIN temp.piece i ON i.digest = x.parent AND i.repository = p.repository
         WHERE x.child = p.digest AND i.is_index = 1 AND ${isSpared('i.repository', 'i.digest')})`,
  )
  // An index of indexes.
  for (let level = 0; level < 2; level++) below.run()
  inherit.run()
}

interface Row {
  id: number
  upstream: string
  repository: string
  digest: Buffer
  usedAt: number
  platform: string | null
}

interface Piece extends PlannedImage {
  readonly id: number
}

interface Judging {
  readonly reading: PlatformReading
  readonly keep: readonly string[]
}

/** Those that go, and those that nothing is known of. */
function judge(db: Db, { reading, keep }: Judging): { going: readonly Piece[]; open: readonly Piece[] } {
  const rows = db
    .prepare<[], Row>(
      `SELECT r.id, r.upstream, r.name AS repository, p.digest, p.used_at AS usedAt, d.platform
         FROM temp.piece p CROSS JOIN main.repositories r ON r.id = p.repository
              LEFT JOIN main.descriptions d ON d.digest = p.digest
        WHERE p.is_index = 0 AND p.stays = 0 AND p.digest NOT IN temp.busy AND p.digest NOT IN temp.held
        ORDER BY r.upstream, r.name, p.digest`,
    )
    .iterate()
  const platformOf = createLook(reading)
  const going: Piece[] = []
  const open: Piece[] = []
  for (const row of rows) {
    const platform = platformOf(row)
    const piece = { ...row, digest: toSha256(row.digest), platform }
    if (platform === undefined || platform === NONE) open.push(piece)
    else if (!isKept(platform, keep)) going.push(piece)
  }
  return { going, open }
}

/** What a manifest is for: as the index has it, else as the manifest says itself, which is read once. */
export function createLook(reading: PlatformReading) {
  const found = new Map<string, string | undefined>()
  return ({ digest, platform }: Pick<Row, 'digest' | 'platform'>): string | undefined => {
    if (platform !== null) return platform
    const hex = digest.toString('hex')
    if (!found.has(hex)) found.set(hex, reading.platformOf(digest))
    return found.get(hex)
  }
}

/** They go with what they vouch for, whether that is here or not. */
function attestations(
  db: Db,
  { going, open, reading, keep }: Judging & { going: readonly Piece[]; open: readonly Piece[] },
): readonly Piece[] {
  const gone = new Set(going.map(({ id, digest }) => `${id} ${digest.slice(7)}`))
  const indexes = db
    .prepare<[Buffer, number], Buffer>(
      `SELECT x.parent FROM main.edges x CROSS JOIN temp.piece p ON p.digest = x.parent
        WHERE x.child = ? AND p.repository = ? AND p.is_index = 1`,
    )
    .pluck()
  const isOther = (platform: string | undefined): boolean =>
    platform !== undefined && platform !== NONE && !isKept(platform, keep)
  return open.filter(({ id, digest }) => {
    const hex = digest.slice(7)
    const parents = indexes.all(Buffer.from(hex, 'hex'), id)
    const vouches = parents.map((parent) => {
      const claims = reading.claimsOf(parent)
      const subject = claims.get(hex)?.subject
      return subject !== undefined && (gone.has(`${id} ${subject}`) || isOther(claims.get(subject)?.platform))
    })
    return vouches.length > 0 && vouches.every(Boolean)
  })
}
