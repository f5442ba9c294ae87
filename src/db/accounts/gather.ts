import type { Db } from '../open.ts'
import { GONE_AT, MOVED } from './news.ts'
import type { DigestWindow } from './windows.ts'

/** Index -> manifest -> layer, and one level more for whoever nests them. */
export const DEEPEST = 3
const REPOSITORIES_PER_STEP = 10

/**
 * - place: repositories in the order of their names
 * - nested: manifests that another one references, and that reference something themselves
 * - named: manifests that are here, by the repositories that have names for them
 * - image: those that stand for themselves, numbered in the order of their names
 * - root: every manifest with the images it belongs to, and how far below them it is
 */
const TABLES = `
  CREATE TEMP TABLE place (place INTEGER PRIMARY KEY, repository INTEGER NOT NULL);
  CREATE TEMP TABLE nested (child BLOB, parent BLOB, PRIMARY KEY (child, parent)) WITHOUT ROWID;
  CREATE TEMP TABLE named (
    place INTEGER, digest BLOB, tag TEXT, tags INTEGER, tag_list TEXT, media_type TEXT, first_cached INTEGER,
    last_used INTEGER, pulls INTEGER, replaced_at INTEGER, pinned INTEGER, gone_at INTEGER, moved INTEGER,
    PRIMARY KEY (place, digest)
  ) WITHOUT ROWID;
  CREATE TEMP TABLE image (id INTEGER PRIMARY KEY, place INTEGER NOT NULL, digest BLOB NOT NULL);
  CREATE TEMP TABLE root (
    digest BLOB, image INTEGER, repository INTEGER, depth INTEGER, PRIMARY KEY (digest, image)
  ) WITHOUT ROWID`

/** Fills the tables above on a connection of its own, step by step; `blobs` must be as they are for all steps. */
export function* gatherImages(db: Db, windows: readonly DigestWindow[]): Generator<void> {
  db.exec(TABLES)
  db.exec(`INSERT INTO temp.place (repository) SELECT id FROM main.repositories
            ORDER BY upstream || '/' || name, front_end`)
  yield
  yield* gatherNested(db, windows)
  yield* gatherNamed(db)
  yield* gatherRoots(db, windows)
}

function* gatherNested(db: Db, windows: readonly DigestWindow[]): Generator<void> {
  const insert = db.prepare(
    `INSERT INTO temp.nested SELECT e.child, e.parent
       FROM (SELECT DISTINCT parent AS digest FROM main.edges WHERE parent >= @from AND parent < @to) m
            CROSS JOIN main.edges e ON e.child = m.digest
      WHERE e.parent <> e.child`,
  )
  for (const window of windows) {
    insert.run(window)
    yield
  }
}

/** An image is a manifest with a tag, or one that is no part of another manifest of its repository. */
function* gatherNamed(db: Db): Generator<void> {
  const name = db.prepare(
    `INSERT INTO temp.named
     SELECT p.place, e.digest, min(CASE WHEN typeof(e.ref) = 'text' THEN e.ref END), sum(typeof(e.ref) = 'text'),
            group_concat(CASE WHEN typeof(e.ref) = 'text' THEN e.ref END, ' '), max(e.media_type), min(e.created_at),
            max(e.used_at), sum(e.pulls), max(e.replaced_at), b.pinned, ${GONE_AT}, ${MOVED}
       FROM temp.place p CROSS JOIN main.entries e ON e.repository = p.repository AND e.kind = 'manifest'
            CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE p.place > @from AND p.place <= @to GROUP BY p.place, e.digest`,
  )
  const choose = db.prepare(
    `INSERT INTO temp.image (place, digest)
     SELECT n.place, n.digest FROM temp.named n
      WHERE n.place > @from AND n.place <= @to
        AND (n.tags > 0 OR NOT EXISTS (SELECT 1 FROM main.edges x CROSS JOIN temp.named p
                                          ON p.place = n.place AND p.digest = x.parent WHERE x.child = n.digest))
      ORDER BY n.place, n.tag IS NULL, n.tag, n.digest`,
  )
  const last = db.prepare<[], number>('SELECT count(*) FROM temp.place').pluck().get() ?? 0
  for (let from = 0; from < last; from += REPOSITORIES_PER_STEP) {
    const step = { from, to: from + REPOSITORIES_PER_STEP }
    name.run(step)
    choose.run(step)
    yield
  }
}

function* gatherRoots(db: Db, windows: readonly DigestWindow[]): Generator<void> {
  const begin = db.prepare(
    `INSERT INTO temp.root SELECT i.digest, i.id, p.repository, 0 FROM temp.image i JOIN temp.place p USING (place)
      WHERE i.digest >= @from AND i.digest < @to`,
  )
  // The shortest way counts, so levels come one after the other.
  const below = db.prepare(
    `INSERT OR IGNORE INTO temp.root SELECT n.child, r.image, r.repository, @depth
       FROM temp.nested n CROSS JOIN temp.root r ON r.digest = n.parent AND r.depth = @depth - 1
      WHERE n.child >= @from AND n.child < @to`,
  )
  db.exec('CREATE INDEX temp.image_by_digest ON image (digest)')
  for (const window of windows) {
    begin.run(window)
    yield
  }
  for (let depth = 1; depth <= DEEPEST; depth++) {
    for (const window of windows) {
      below.run({ ...window, depth })
      yield
    }
  }
}
