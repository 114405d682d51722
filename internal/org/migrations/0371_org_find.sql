-- What members are listed by and found by: their names and addresses, and the words in them, as they
-- are compared. Bytes, for those have the same order everywhere. What an older version adds meanwhile
-- is not listed, and is put here by a job.
CREATE TABLE org_find (
  org TEXT NOT NULL,
  kind BIGINT NOT NULL,
  text BYTEA NOT NULL,
  account TEXT NOT NULL REFERENCES org_member (account) ON DELETE CASCADE,
  PRIMARY KEY (org, kind, text, account)
) /*keyed*/;
CREATE INDEX org_find_account ON org_find (account, kind, text);
ALTER TABLE org_member ADD COLUMN listed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX org_member_unlisted ON org_member (account) WHERE listed = 0;
CREATE INDEX org_member_inactive ON org_member (org) WHERE inactive = 1;
CREATE INDEX org_member_joined ON org_member (org, joined, account);
-- When an account is erased that its organisation deleted; what somebody else deleted has another time.
ALTER TABLE org_member ADD COLUMN erase_at BIGINT;
