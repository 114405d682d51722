CREATE TABLE account (
  id TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  name TEXT NOT NULL,
  lang TEXT NOT NULL,
  zone TEXT NOT NULL,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  confirmed BIGINT,
  last_signin BIGINT,
  signin_day BIGINT NOT NULL,
  signins BIGINT NOT NULL,
  disabled BIGINT,
  erase_at BIGINT
);
CREATE INDEX account_unconfirmed ON account (created) WHERE state = 'unconfirmed';
CREATE INDEX account_erase ON account (erase_at) WHERE state = 'deleted';
CREATE INDEX account_created ON account (created, id);
-- One address is never in two accounts (RC-21): once confirmed it is unique. Until then several
-- may claim it, and who proves that they own it gets it.
CREATE TABLE identifier (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  norm TEXT NOT NULL,
  shown TEXT NOT NULL,
  main BIGINT NOT NULL,
  hosted BIGINT NOT NULL,
  created BIGINT NOT NULL,
  confirmed BIGINT,
  PRIMARY KEY (account, kind, norm)
);
CREATE UNIQUE INDEX identifier_owned ON identifier (kind, norm) WHERE confirmed IS NOT NULL;
CREATE INDEX identifier_found ON identifier (kind, norm, created);
