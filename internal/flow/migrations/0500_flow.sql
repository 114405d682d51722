CREATE TABLE flow (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  browser TEXT NOT NULL,
  secret BYTEA,
  state TEXT NOT NULL,
  version BIGINT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL
);
CREATE INDEX flow_expires ON flow (expires);
