CREATE TABLE smscode (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  norm TEXT NOT NULL,
  shown TEXT NOT NULL,
  created BIGINT NOT NULL,
  last_used BIGINT,
  UNIQUE (account, norm)
);
