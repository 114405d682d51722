-- A claim blocks nobody; a domain that was proved is one organisation's.
CREATE TABLE org_domain (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  domain TEXT NOT NULL,
  shown TEXT NOT NULL,
  token TEXT NOT NULL,
  how TEXT NOT NULL,
  joins BIGINT NOT NULL,
  created BIGINT NOT NULL,
  verified BIGINT,
  checked BIGINT,
  failing BIGINT,
  UNIQUE (org, domain)
) /*keyed*/;
CREATE UNIQUE INDEX org_domain_verified ON org_domain (domain) WHERE verified IS NOT NULL;
CREATE INDEX org_domain_checked ON org_domain (checked) WHERE verified IS NOT NULL;
