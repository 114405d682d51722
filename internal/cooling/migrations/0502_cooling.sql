-- A recovery that was proved only by codes that were sent waits before the password may be set; one an account.
CREATE TABLE cooling (
  account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  turn BIGINT NOT NULL,
  link BYTEA NOT NULL,
  target TEXT NOT NULL,
  begun BIGINT NOT NULL,
  ready BIGINT NOT NULL,
  ends BIGINT NOT NULL,
  opened BIGINT
) /*keyed*/;
CREATE UNIQUE INDEX cooling_link ON cooling (link);
CREATE INDEX cooling_ends ON cooling (ends);
