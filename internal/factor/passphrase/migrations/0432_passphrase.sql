CREATE TABLE passphrase (
  account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  set_at BIGINT NOT NULL,
  last_used BIGINT
);
