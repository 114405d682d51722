-- A table of members that somebody handed in, held until they say that it is meant. What came of a line
-- is written once.
CREATE TABLE org_import (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  account TEXT NOT NULL,
  created BIGINT NOT NULL,
  foreign_text BIGINT NOT NULL
) /*keyed*/;
CREATE INDEX org_import_created ON org_import (created);
CREATE TABLE org_import_line (
  import TEXT NOT NULL REFERENCES org_import (id) ON DELETE CASCADE,
  n BIGINT NOT NULL,
  whom TEXT NOT NULL,
  account TEXT NOT NULL,
  edit TEXT NOT NULL,
  plan TEXT NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (import, n)
) /*keyed*/;
