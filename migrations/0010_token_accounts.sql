-- What the line of its user in the file of users was when a token was made, as SHA-256: it ends when that changes.
ALTER TABLE api_tokens ADD COLUMN account BLOB NOT NULL DEFAULT x'';
