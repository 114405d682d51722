-- What an organisation's rules were before a change that shuts its author out, until that is confirmed (PO-17).
CREATE TABLE org_pending (
  org TEXT NOT NULL PRIMARY KEY REFERENCES org (id) ON DELETE CASCADE,
  account TEXT NOT NULL,
  session TEXT NOT NULL,
  what TEXT NOT NULL,
  begun BIGINT NOT NULL,
  until BIGINT NOT NULL,
  before TEXT NOT NULL
) /*keyed*/;
CREATE INDEX org_pending_until ON org_pending (until);
