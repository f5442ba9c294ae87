-- Secrets are kept as SHA-256 of the secret: they are random and long, so no salt and no slow hash is needed.

-- Keys that stand in the path of clients that cannot log in. A name is free again once its key was revoked.
CREATE TABLE pull_keys (
  hash         BLOB    NOT NULL PRIMARY KEY,
  name         TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  created_by   TEXT    NOT NULL,
  expires_at   INTEGER,
  revoked_at   INTEGER,
  last_used_at INTEGER,
  uses         INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX pull_keys_live ON pull_keys (name) WHERE revoked_at IS NULL;

-- For programs that use the management API in the name of a user, whose role counts at the time of use.
CREATE TABLE api_tokens (
  hash         BLOB    NOT NULL PRIMARY KEY,
  user         TEXT    NOT NULL,
  name         TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  revoked_at   INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX api_tokens_live ON api_tokens (user, name) WHERE revoked_at IS NULL;

-- Logins to the console. hash is that of the cookie.
CREATE TABLE sessions (
  hash       BLOB    NOT NULL PRIMARY KEY,
  user       TEXT    NOT NULL,
  address    TEXT    NOT NULL,
  agent      TEXT,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_end ON sessions (expires_at);

-- Who did what from where, and how it ended. who is a principal, or what acted by itself; address is empty for what
-- came from this machine; detail is JSON.
CREATE TABLE audit (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  who     TEXT    NOT NULL,
  address TEXT    NOT NULL,
  action  TEXT    NOT NULL,
  target  TEXT    NOT NULL,
  outcome TEXT    NOT NULL,
  detail  TEXT
) STRICT;

CREATE INDEX audit_at ON audit (at);
