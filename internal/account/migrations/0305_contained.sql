-- When the account's owner said "this was not me", since when what was added is doubted, and whether
-- taking it back lowered what a recovery has to prove. A recovery lifts it.
ALTER TABLE account ADD COLUMN contained BIGINT;
ALTER TABLE account ADD COLUMN doubted BIGINT;
ALTER TABLE account ADD COLUMN lowered BIGINT NOT NULL DEFAULT 0;
-- Proved addresses that were removed lately, to be put back where a thief removed them. They find nobody.
CREATE TABLE address_removed (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  norm TEXT NOT NULL,
  shown TEXT NOT NULL,
  main BIGINT NOT NULL,
  hosted BIGINT NOT NULL,
  shared BIGINT NOT NULL,
  created BIGINT NOT NULL,
  confirmed BIGINT NOT NULL,
  removed BIGINT NOT NULL,
  PRIMARY KEY (account, kind, norm)
);
CREATE INDEX address_removed_removed ON address_removed (removed);
