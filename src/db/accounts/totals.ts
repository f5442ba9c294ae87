import type { Db } from '../open.ts'
import { createKept } from './kept.ts'
import { createKeptFile } from './kept-file.ts'
import { BLOCKS } from './plan-ask.ts'
import { type DigestWindow, digestWindows } from './windows.ts'

export interface UpstreamTotals {
  readonly upstream: string
  /** On disk, of content that has a name there; shared content counts for each upstream. */
  readonly bytes: number
  /** With content that is here. */
  readonly repositories: number
  /** Whose manifest is here. */
  readonly tags: number
}

export interface Totals {
  /** Of images. */
  readonly repositories: number
  readonly tags: number
  readonly blobs: number
  readonly bytes: number
  /** On disk, of content that an image has a name for. */
  readonly imageBytes: number
  /** Blobs that are pinned, and what they take. */
  readonly pinned: number
  readonly pinnedBytes: number
  /** In the order of their names. */
  readonly upstreams: readonly UpstreamTotals[]
  readonly asOf: number
}

type Counted = Omit<Totals, 'asOf'>

const file = createKeptFile<Counted, Counted>({
  suffix: '.totals',
  format: 2,
  pack: (totals) => totals,
  unpack: (totals) => totals,
})
const totalsOf = createKept(countAll, file)

/** How much there is, in all and by upstream; `exact` as in lists. */
export function totals(db: Db, { exact = false }: { exact?: boolean }): Totals {
  const { value, asOf } = totalsOf(db, exact)
  return { ...value, asOf }
}

type Sums = { -readonly [K in keyof UpstreamTotals]: UpstreamTotals[K] } & { readonly isOfImages: number }

function* countAll(db: Db): Generator<void, Counted> {
  db.exec('BEGIN')
  db.exec(`CREATE TEMP TABLE owner (
             repository INTEGER PRIMARY KEY, upstream TEXT NOT NULL, of_images INTEGER NOT NULL, rank INTEGER NOT NULL);
           INSERT INTO temp.owner
           SELECT id, upstream, front_end = 'oci', dense_rank() OVER (ORDER BY upstream) FROM main.repositories`)
  const upstreams = new Map<number, Sums>()
  for (const row of namesOf(db)) upstreams.set(row.rank, row)
  yield
  const blobs = { count: 0, bytes: 0, pinned: 0, pinnedBytes: 0 }
  const images = { bytes: 0 }
  const add = createAdding(db, { upstreams, blobs, images })
  for (const window of digestWindows(db)) {
    add(window)
    yield
  }
  const found = [...upstreams.values()].filter(({ repositories }) => repositories > 0)
  const ofImages = found.filter(({ isOfImages }) => isOfImages === 1)
  const { count, ...rest } = blobs
  return {
    repositories: sumOf(ofImages, 'repositories'),
    tags: sumOf(ofImages, 'tags'),
    blobs: count,
    ...rest,
    imageBytes: images.bytes,
    upstreams: found.map(({ upstream, bytes, repositories, tags }) => ({
      upstream,
      bytes,
      repositories,
      tags,
    })),
  }
}

/** Every upstream, with its repositories that have content. */
function namesOf(db: Db): readonly (Sums & { rank: number })[] {
  const select = db.prepare<[], Sums & { rank: number }>(
    `SELECT o.rank, o.upstream, o.of_images AS isOfImages, 0 AS bytes, 0 AS tags,
            sum(EXISTS (SELECT 1 FROM main.entries e JOIN main.blobs b ON b.digest = e.digest
                         WHERE e.repository = o.repository)) AS repositories
       FROM temp.owner o GROUP BY o.rank ORDER BY o.rank`,
  )
  return select.all()
}

type BlobSums = { count: number; bytes: number; pinned: number; pinnedBytes: number }

function createAdding(
  db: Db,
  {
    upstreams,
    blobs,
    images,
  }: { upstreams: ReadonlyMap<number, Sums>; blobs: BlobSums; images: { bytes: number } },
): (window: DigestWindow) => void {
  // What several registries have counts for each of them, and once for images.
  const named = db.prepare<DigestWindow, { rank: number; bytes: number; tags: number; first: number }>(
    `SELECT rank, sum(bytes) AS bytes, sum(tags) AS tags,
            sum(CASE WHEN of_images = 1 AND turn = 1 THEN bytes ELSE 0 END) AS first
       FROM (SELECT o.rank, o.of_images, ${BLOCKS} AS bytes,
                    sum(e.kind = 'manifest' AND typeof(e.ref) = 'text') AS tags,
                    row_number() OVER (PARTITION BY b.digest, o.of_images) AS turn
               FROM main.blobs b CROSS JOIN main.entries e ON e.digest = b.digest
                    CROSS JOIN temp.owner o ON o.repository = e.repository
              WHERE b.digest >= @from AND b.digest < @to GROUP BY b.digest, o.rank)
      GROUP BY rank`,
  )
  const all = db.prepare<DigestWindow, BlobSums>(
    `SELECT count(*) AS count, coalesce(sum(${BLOCKS}), 0) AS bytes, coalesce(sum(b.pinned), 0) AS pinned,
            coalesce(sum(b.pinned * (${BLOCKS})), 0) AS pinnedBytes
       FROM main.blobs b WHERE b.digest >= @from AND b.digest < @to`,
  )
  return (window) => {
    for (const { rank, bytes, tags, first } of named.all(window)) {
      images.bytes += first
      const sums = upstreams.get(rank)
      if (sums === undefined) continue
      sums.bytes += bytes
      sums.tags += tags
    }
    // An aggregate without GROUP BY always gives one row.
    const sums = all.get(window) as BlobSums
    for (const key of ['count', 'bytes', 'pinned', 'pinnedBytes'] as const) blobs[key] += sums[key]
  }
}

function sumOf(rows: readonly UpstreamTotals[], field: 'repositories' | 'tags'): number {
  return rows.reduce((sum, row) => sum + row[field], 0)
}
