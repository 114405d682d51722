-- Whose members' row it is: where its account stood when it was written, or the organisation
-- that an act was about; empty where it was nobody's. It says who may read a row, and is no
-- part of the chain: what happened does not change with it.
ALTER TABLE audit ADD COLUMN org TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_org ON audit (org, at, reference) WHERE org <> '';
CREATE INDEX audit_org_kind ON audit (org, kind, at, reference) WHERE org <> '';
CREATE INDEX audit_org_code ON audit (org, code, at, reference) WHERE org <> '' AND code <> '';
CREATE INDEX audit_org_actor ON audit (org, actor, at, reference) WHERE org <> '' AND actor <> account;
-- Sign-ins counted by the hour, as the rows are linked: each row is linked once.
CREATE TABLE audit_hour (
  org TEXT NOT NULL,
  hour BIGINT NOT NULL,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (org, hour, kind, code)
) /*keyed*/;
