-- One row an event, never changed but for the two columns that link it into the chain,
-- written once by the sealer, and "about", which erasing an account empties: the chain
-- holds a salted hash of it, so that what is left still verifies.
CREATE TABLE audit (
  reference TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  actor TEXT NOT NULL,
  session TEXT NOT NULL,
  client TEXT NOT NULL,
  code TEXT NOT NULL,
  about TEXT,
  about_hash BYTEA NOT NULL,
  seq BIGINT,
  hash BYTEA
);
CREATE INDEX audit_account ON audit (account, at);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_pending ON audit (at, reference) WHERE seq IS NULL;
CREATE UNIQUE INDEX audit_seq ON audit (seq) WHERE seq IS NOT NULL;
CREATE TABLE audit_head (
  id BIGINT NOT NULL PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash BYTEA,
  mac BYTEA
);
INSERT INTO audit_head (id, seq) VALUES (1, 0);
