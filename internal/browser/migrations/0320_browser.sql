-- Which browsers have signed in to which account, and from where.
CREATE TABLE browser_account (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  browser TEXT NOT NULL,
  place TEXT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  PRIMARY KEY (account, browser, place)
) /*keyed*/;
CREATE INDEX browser_account_last ON browser_account (last_seen);
