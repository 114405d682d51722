CREATE TABLE signkey (
  id TEXT NOT NULL PRIMARY KEY,
  alg TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL
);
CREATE UNIQUE INDEX signkey_active ON signkey (alg) WHERE state = 'active';
