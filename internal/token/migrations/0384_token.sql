-- An organisation's tokens for programs. Of each only the hash is kept.
CREATE TABLE org_token (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  hash BYTEA NOT NULL,
  permissions TEXT NOT NULL,
  maker TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT,
  used_from TEXT NOT NULL
) /*keyed*/;
CREATE UNIQUE INDEX org_token_hash ON org_token (hash);
CREATE INDEX org_token_org ON org_token (org, created);
CREATE INDEX org_token_maker ON org_token (maker);
