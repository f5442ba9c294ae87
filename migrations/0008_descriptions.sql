-- What small content says of itself: the config of an image when it was made and for which platform, a manifest what
-- those below it say (platforms with blanks between). pending = 1: nobody has looked since it, or what is below it,
-- came or went.
CREATE TABLE descriptions (
  digest   BLOB    NOT NULL PRIMARY KEY,
  pending  INTEGER NOT NULL,
  created  INTEGER,
  platform TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX descriptions_pending ON descriptions (digest) WHERE pending = 1;

-- Content comes and goes in many ways; none of them can forget this.
CREATE TRIGGER blobs_came AFTER INSERT ON blobs WHEN NEW.size <= 262144 BEGIN
  INSERT INTO descriptions (digest, pending)
  SELECT NEW.digest, 1 WHERE NOT EXISTS (SELECT 1 FROM descriptions WHERE digest = NEW.digest);
END;

CREATE TRIGGER blobs_went AFTER DELETE ON blobs BEGIN
  DELETE FROM descriptions WHERE digest = OLD.digest;
END;

CREATE TRIGGER descriptions_went AFTER DELETE ON descriptions WHEN coalesce(OLD.created, OLD.platform) IS NOT NULL BEGIN
  UPDATE descriptions SET pending = 1 WHERE digest IN (SELECT parent FROM edges WHERE child = OLD.digest);
END;

INSERT INTO descriptions (digest, pending) SELECT digest, 1 FROM blobs WHERE size <= 262144;
