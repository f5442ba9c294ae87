-- Digests are 32 bytes (SHA-256); times are milliseconds since the epoch, sizes are bytes.

-- What is on disk. stamp is the change time of the file in microseconds when its bytes were last checked.
CREATE TABLE blobs (
  digest      BLOB    NOT NULL PRIMARY KEY,
  size        INTEGER NOT NULL,
  stamp       INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  used_at     INTEGER NOT NULL,
  verified_at INTEGER NOT NULL,
  pinned      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX blobs_coldest ON blobs (used_at, size) WHERE pinned = 0;

-- A repository of one upstream, as one front end names it.
CREATE TABLE repositories (
  id        INTEGER PRIMARY KEY,
  front_end TEXT NOT NULL,
  upstream  TEXT NOT NULL,
  name      TEXT NOT NULL,
  UNIQUE (front_end, upstream, name)
) STRICT;

-- Name -> digest. An entry is also the permission: it says that this repository of this upstream has these
-- bytes. Its blob may be absent (a tag whose manifest was never asked for). ref is text, or the bytes of a
-- digest (32: SHA-256, 64: SHA-512).
CREATE TABLE entries (
  repository INTEGER NOT NULL REFERENCES repositories (id),
  kind       TEXT    NOT NULL,
  ref        ANY     NOT NULL,
  digest     BLOB    NOT NULL,
  media_type TEXT,
  size       INTEGER NOT NULL,
  etag       TEXT,
  headers    TEXT,
  fetched_at INTEGER NOT NULL,
  checked_at INTEGER NOT NULL,
  PRIMARY KEY (repository, kind, ref)
) STRICT, WITHOUT ROWID;

CREATE INDEX entries_by_digest ON entries (digest);

-- Manifest -> what it references (configs, layers, child manifests), with the size its descriptor claims.
CREATE TABLE edges (
  parent BLOB    NOT NULL,
  child  BLOB    NOT NULL,
  size   INTEGER NOT NULL,
  PRIMARY KEY (parent, child)
) STRICT, WITHOUT ROWID;

CREATE INDEX edges_by_child ON edges (child);
