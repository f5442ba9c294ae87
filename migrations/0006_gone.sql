-- What an upstream said of a cached name when that was not what is cached: since when it does not have it any more,
-- and where a tag leads there by now (the bytes of a digest). The next confirmation, and whatever is fetched under
-- that name, clears both.
ALTER TABLE entries ADD COLUMN gone_at INTEGER;
ALTER TABLE entries ADD COLUMN moved_to BLOB;
ALTER TABLE evicted_names ADD COLUMN gone_at INTEGER;
ALTER TABLE evicted_names ADD COLUMN moved_to BLOB;

CREATE INDEX entries_gone ON entries (gone_at) WHERE gone_at IS NOT NULL;
