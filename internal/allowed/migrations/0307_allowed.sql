-- The list of addresses from which an account's owner lets themselves in (PO-01). holds is what a decision
-- reads: networks; until when they must be confirmed; the networks before them.
CREATE TABLE allowed (
  account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  entries TEXT NOT NULL,
  holds TEXT NOT NULL,
  before TEXT,
  session TEXT NOT NULL,
  until BIGINT
) /*keyed*/;
CREATE INDEX allowed_until ON allowed (until) WHERE until IS NOT NULL;
