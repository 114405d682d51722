-- How an organisation's pages look; the logo stands under the hash of what it is.
CREATE TABLE org_look (
  org TEXT NOT NULL PRIMARY KEY REFERENCES org (id) ON DELETE CASCADE,
  colour TEXT NOT NULL,
  logo BYTEA,
  logo_hash TEXT NOT NULL,
  changed BIGINT NOT NULL
) /*keyed*/;
CREATE INDEX org_look_logo ON org_look (logo_hash) WHERE logo_hash <> '';
