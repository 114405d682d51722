CREATE TABLE session (
  token BYTEA NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  browser TEXT NOT NULL,
  door TEXT NOT NULL,
  created BIGINT NOT NULL,
  auth_time BIGINT NOT NULL,
  last_used BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  acr TEXT NOT NULL,
  amr TEXT NOT NULL,
  keep BIGINT NOT NULL,
  agent TEXT NOT NULL,
  addr TEXT NOT NULL,
  place TEXT NOT NULL
) /*keyed*/;
CREATE INDEX session_account ON session (account, created);
CREATE INDEX session_expires ON session (expires);
