-- Pulls of the images of a repository by day (UTC, milliseconds since the epoch), for the last month.
CREATE TABLE pulls_by_day (
  repository INTEGER NOT NULL,
  day        INTEGER NOT NULL,
  pulls      INTEGER NOT NULL,
  PRIMARY KEY (repository, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX pulls_by_day_oldest ON pulls_by_day (day);
