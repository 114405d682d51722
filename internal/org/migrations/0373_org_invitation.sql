-- Only the hash of an invitation's token is kept. One that is open holds its address in
-- its organisation; those that ended stay for a while, so that admins see what came of them.
CREATE TABLE org_invitation (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  norm TEXT NOT NULL,
  shown TEXT NOT NULL,
  lang TEXT NOT NULL,
  role TEXT NOT NULL,
  in_groups TEXT NOT NULL,
  inviter TEXT NOT NULL,
  secret BYTEA NOT NULL,
  state TEXT NOT NULL,
  account TEXT NOT NULL,
  created BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  sends BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  ended BIGINT
) /*keyed*/;
CREATE UNIQUE INDEX org_invitation_open ON org_invitation (org, norm) WHERE state = 'open';
CREATE UNIQUE INDEX org_invitation_secret ON org_invitation (secret);
CREATE INDEX org_invitation_org ON org_invitation (org, created, id);
CREATE INDEX org_invitation_expires ON org_invitation (expires);
