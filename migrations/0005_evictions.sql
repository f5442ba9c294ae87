-- What people evicted lately. Until `until` it can be undone; 0: that is over, and its content is on its way out;
-- NULL: there is nothing to undo any more. names is a JSON list of images, for people.
CREATE TABLE evictions (
  id      TEXT    NOT NULL PRIMARY KEY,
  at      INTEGER NOT NULL,
  who     TEXT    NOT NULL,
  names   TEXT    NOT NULL,
  images  INTEGER NOT NULL,
  objects INTEGER NOT NULL,
  bytes   INTEGER NOT NULL,
  until   INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX evictions_open ON evictions (until) WHERE until IS NOT NULL;

-- Rows of entries that an eviction took away, column by column as they were.
CREATE TABLE evicted_names (
  eviction    TEXT    NOT NULL,
  repository  INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  ref         ANY     NOT NULL,
  digest      BLOB    NOT NULL,
  media_type  TEXT,
  size        INTEGER NOT NULL,
  etag        TEXT,
  headers     TEXT,
  fetched_at  INTEGER NOT NULL,
  checked_at  INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  used_at     INTEGER NOT NULL,
  pulls       INTEGER NOT NULL,
  replaced_at INTEGER,
  previous    BLOB,
  PRIMARY KEY (eviction, repository, kind, ref)
) STRICT, WITHOUT ROWID;

-- Content below those names: it stays on disk as long as one eviction that can be undone has it.
CREATE TABLE evicted_blobs (
  eviction TEXT NOT NULL,
  digest   BLOB NOT NULL,
  PRIMARY KEY (eviction, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX evicted_blobs_by_digest ON evicted_blobs (digest);
