import type { Db } from '../open.ts'
import { BLOCKS } from './plan-ask.ts'
import type { DigestWindow } from './windows.ts'

/** Bytes on disk, by the number of the image and by the id of the repository. */
export interface Shares {
  readonly images: { readonly total: Float64Array; readonly onlyHere: Float64Array }
  readonly repositories: ReadonlyMap<number, RepositoryShare>
  /** What several repositories have, by the same holders together. */
  readonly shared: readonly SharedBytes[]
}

export interface SharedBytes {
  /** On disk. */
  readonly bytes: number
  /** Ids of repositories, each once. */
  readonly holders: readonly number[]
}

export interface RepositoryShare {
  total: number
  onlyHere: number
  /** Of content that belongs to none of its images; milliseconds since the epoch. */
  looseSince: number
  looseUsed: number
}

/** hold: which images and repositories have a blob; image 0 stands for a name of the repository that leads to it. */
const TABLE = `CREATE TEMP TABLE hold (
  blob BLOB, repository INTEGER, image INTEGER, bytes INTEGER, PRIMARY KEY (blob, repository, image)) WITHOUT ROWID`

const FILL = `
  INSERT OR IGNORE INTO temp.hold
  SELECT b.digest, r.repository, r.image, ${BLOCKS}
    FROM main.blobs b CROSS JOIN main.edges e ON e.child = b.digest
         CROSS JOIN temp.root r ON r.digest = e.parent AND r.depth < 3
   WHERE b.digest >= @from AND b.digest < @to
  UNION ALL
  SELECT b.digest, r.repository, r.image, ${BLOCKS}
    FROM main.blobs b CROSS JOIN temp.root r ON r.digest = b.digest
   WHERE b.digest >= @from AND b.digest < @to
  UNION ALL
  SELECT b.digest, e.repository, 0, ${BLOCKS}
    FROM main.blobs b CROSS JOIN main.entries e ON e.digest = b.digest
   WHERE b.digest >= @from AND b.digest < @to`

/** Adds up who has what, once `gatherImages` is through: blobs of one window at a time, whatever holds them. */
export function* addUp(
  db: Db,
  { windows, images }: { windows: readonly DigestWindow[]; images: number },
): Generator<void, Shares> {
  db.exec(TABLE)
  const fill = db.prepare(FILL)
  const empty = db.prepare('DELETE FROM temp.hold')
  const shares = {
    images: { total: new Float64Array(images + 1), onlyHere: new Float64Array(images + 1) },
    repositories: new Map<number, RepositoryShare>(),
  }
  const add = createAdding(db, shares)
  const together = createTogether(db)
  for (const window of windows) {
    fill.run(window)
    add()
    together.add()
    empty.run()
    yield
  }
  return { ...shares, shared: together.all() }
}

/** Rows as arrays take half the time of rows as objects. */
type Pair = [id: number, bytes: number]

function createAdding(
  db: Db,
  { images, repositories }: Omit<Shares, 'shared'> & { repositories: Map<number, RepositoryShare> },
): () => void {
  const repository = (id: number): RepositoryShare => {
    const known = repositories.get(id)
    if (known !== undefined) return known
    const share = { total: 0, onlyHere: 0, looseSince: Infinity, looseUsed: 0 }
    repositories.set(id, share)
    return share
  }
  const ofImages = db
    .prepare<[], Pair>('SELECT image, sum(bytes) FROM temp.hold WHERE image > 0 GROUP BY image')
    .raw()
  const ofRepositories = db
    .prepare<
      [],
      Pair
    >(`SELECT repository, sum(bytes) FROM (SELECT repository, bytes FROM temp.hold GROUP BY blob, repository)
      GROUP BY repository`)
    .raw()
  // One repository has it; and if one image has it, that one.
  const single = db
    .prepare<
      [],
      [image: number, repository: number, bytes: number]
    >(`SELECT CASE sum(image > 0) WHEN 1 THEN max(image) ELSE 0 END, repository, bytes FROM temp.hold
      GROUP BY blob HAVING min(repository) = max(repository)`)
    .raw()
  const loose = db
    .prepare<
      [],
      [repository: number, since: number, used: number]
    >(`SELECT h.repository, min(e.created_at), max(e.used_at)
       FROM (SELECT blob, repository FROM temp.hold GROUP BY blob, repository HAVING max(image) = 0) h
            CROSS JOIN main.entries e ON e.digest = h.blob AND e.repository = h.repository
      GROUP BY h.repository`)
    .raw()
  return () => {
    for (const [id, bytes] of ofImages.all()) addTo(images.total, id, bytes)
    for (const [id, bytes] of ofRepositories.all()) repository(id).total += bytes
    for (const [image, id, bytes] of single.all()) {
      repository(id).onlyHere += bytes
      if (image > 0) addTo(images.onlyHere, image, bytes)
    }
    for (const [id, since, used] of loose.all()) {
      const share = repository(id)
      share.looseSince = Math.min(share.looseSince, since)
      share.looseUsed = Math.max(share.looseUsed, used)
    }
  }
}

/** Adds up what has the same holders: layers of one base come and go together. */
function createTogether(db: Db) {
  const select = db
    .prepare<[], [holders: string, bytes: number]>(
      `SELECT group_concat(repository), bytes
         FROM (SELECT blob, repository, bytes FROM temp.hold GROUP BY blob, repository)
        GROUP BY blob HAVING count(*) > 1`,
    )
    .raw()
  const sums = new Map<string, number>()
  return {
    add: (): void => {
      for (const [holders, bytes] of select.all()) sums.set(holders, (sums.get(holders) ?? 0) + bytes)
    },
    all: (): readonly SharedBytes[] =>
      Array.from(sums, ([holders, bytes]) => ({ bytes, holders: holders.split(',').map(Number) })),
  }
}

function addTo(sums: Float64Array, at: number, bytes: number): void {
  sums[at] = (sums[at] ?? 0) + bytes
}
