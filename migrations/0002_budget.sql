-- For people and for clean-up: when a name was first cached, last used, how often it was pulled; and since when a
-- manifest has lost its tag to a newer one. previous is where a tag pointed before, as long as what it points to
-- now is not here.
ALTER TABLE entries ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN pulls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN replaced_at INTEGER;
ALTER TABLE entries ADD COLUMN previous BLOB;
UPDATE entries SET created_at = fetched_at, used_at = fetched_at;

CREATE INDEX entries_replaced ON entries (replaced_at) WHERE replaced_at IS NOT NULL;
CREATE INDEX blobs_checked ON blobs (verified_at);
CREATE INDEX blobs_pinned ON blobs (digest) WHERE pinned = 1;

-- What is never evicted and never expires. match is a glob on "upstream/repository:tag"; origin is "config" for
-- those of the configuration, else "user". Blobs under a pin carry blobs.pinned.
CREATE TABLE pins (
  match      TEXT    NOT NULL,
  origin     TEXT    NOT NULL,
  reason     TEXT,
  until      INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (match, origin)
) STRICT, WITHOUT ROWID;

-- Runs of background jobs, for people. report is what the run said, as JSON.
CREATE TABLE job_runs (
  id         INTEGER PRIMARY KEY,
  job        TEXT    NOT NULL,
  cause      TEXT    NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER,
  error      TEXT,
  report     TEXT
) STRICT;

-- Traffic by hour: what clients got, how it came about, and what upstreams sent.
CREATE TABLE usage (
  hour      INTEGER NOT NULL,
  front_end TEXT    NOT NULL,
  upstream  TEXT    NOT NULL,
  outcome   TEXT    NOT NULL,
  requests  INTEGER NOT NULL,
  bytes     INTEGER NOT NULL,
  PRIMARY KEY (hour, front_end, upstream, outcome)
) STRICT, WITHOUT ROWID;

-- Single facts about the index itself.
CREATE TABLE facts (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
