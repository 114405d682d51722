-- Addresses are named, so that no URL has to carry one. A name is looked up together with its account
-- and need only be unlike the account's others. What an older version adds meanwhile is named later.
ALTER TABLE identifier ADD COLUMN id TEXT;
UPDATE identifier SET id = 'adr_' || substr(account, 5, 24) || CAST(10 + (SELECT count(*) FROM identifier o
  WHERE o.account = identifier.account AND o.kind || o.norm < identifier.kind || identifier.norm) AS TEXT);
CREATE UNIQUE INDEX identifier_named ON identifier (account, id);
CREATE INDEX identifier_unnamed ON identifier (account) WHERE id IS NULL;
-- A mailbox that several people read is nobody's own: no code that opens anything goes there (RC-30).
ALTER TABLE identifier ADD COLUMN shared BIGINT NOT NULL DEFAULT 0;
-- One of a kind is the primary one.
CREATE UNIQUE INDEX identifier_main ON identifier (account, kind) WHERE main = 1;
CREATE INDEX identifier_claimed ON identifier (created) WHERE confirmed IS NULL AND main = 0;
