-- Backup codes: slots 0 to 4 are the set its owner made, slot 5 is the one that
-- support issued. The slots keep an account at one set and one issued code,
-- however many are made at the same instant.
CREATE TABLE backup_code (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  slot BIGINT NOT NULL,
  phc TEXT NOT NULL,
  issuer TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT,
  used BIGINT
);
CREATE UNIQUE INDEX backup_code_slot ON backup_code (account, slot);
