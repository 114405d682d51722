-- Browsers in which an account skips the second proof (TB-01).
CREATE TABLE trusted_browser (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  browser TEXT NOT NULL,
  token BYTEA NOT NULL,
  former BYTEA,
  created BIGINT NOT NULL,
  last_used BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  agent TEXT NOT NULL,
  addr TEXT NOT NULL,
  place TEXT NOT NULL
);
CREATE UNIQUE INDEX trusted_browser_token ON trusted_browser (token);
CREATE UNIQUE INDEX trusted_browser_former ON trusted_browser (former) WHERE former IS NOT NULL;
CREATE INDEX trusted_browser_account ON trusted_browser (account, created);
CREATE INDEX trusted_browser_expires ON trusted_browser (expires);
