-- An account is a member of at most one organisation, so that its rules never contradict.
CREATE TABLE org (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created BIGINT NOT NULL,
  version BIGINT NOT NULL
) /*keyed*/;
CREATE TABLE org_role (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  permissions TEXT NOT NULL,
  UNIQUE (org, name)
) /*keyed*/;
CREATE TABLE org_member (
  account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  inactive BIGINT NOT NULL,
  joined BIGINT NOT NULL,
  in_groups TEXT NOT NULL
) /*keyed*/;
CREATE INDEX org_member_org ON org_member (org, account);
CREATE TABLE org_group (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  created BIGINT NOT NULL,
  UNIQUE (org, name)
) /*keyed*/;
-- A part that is NULL is left unset: the next policy in order gives it.
CREATE TABLE org_policy (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  password TEXT,
  second_factor TEXT,
  session TEXT,
  address TEXT,
  federation TEXT,
  UNIQUE (org, name)
) /*keyed*/;
CREATE TABLE org_policy_target (
  policy TEXT NOT NULL REFERENCES org_policy (id) ON DELETE CASCADE,
  whom TEXT NOT NULL,
  exclude BIGINT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (policy, whom)
) /*keyed*/;
