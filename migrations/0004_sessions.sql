-- What the line of its user in the file of users was when a session began, as SHA-256: it ends when that changes.
ALTER TABLE sessions ADD COLUMN account BLOB NOT NULL DEFAULT x'';
