-- An approval asked of Tegata for one journey. The number that the browser shows is
-- kept as a keyed hash; a request that was scanned has none. The subject counts
-- requests for names that nobody has as those of an account.
CREATE TABLE push_request (
  id TEXT NOT NULL PRIMARY KEY,
  subject TEXT NOT NULL,
  account TEXT REFERENCES account (id) ON DELETE CASCADE,
  flow TEXT NOT NULL,
  purpose TEXT NOT NULL,
  known BIGINT NOT NULL,
  app TEXT NOT NULL,
  agent TEXT NOT NULL,
  addr TEXT NOT NULL,
  place TEXT NOT NULL,
  number BYTEA,
  state TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  receipt BIGINT,
  device TEXT NOT NULL DEFAULT '',
  verified BIGINT NOT NULL DEFAULT 0,
  signature BYTEA,
  decided BIGINT,
  spent BIGINT
);
CREATE UNIQUE INDEX push_request_live ON push_request (subject) WHERE state = 'live';
CREATE INDEX push_request_subject ON push_request (subject, created);
CREATE INDEX push_request_account ON push_request (account, created);
CREATE INDEX push_request_flow ON push_request (flow);
CREATE INDEX push_request_changed ON push_request (changed);
-- What a sign-in page's code leads to: the journey it belongs to.
CREATE TABLE push_scan (
  id BYTEA NOT NULL PRIMARY KEY,
  flow TEXT NOT NULL,
  purpose TEXT NOT NULL,
  owner TEXT NOT NULL,
  app TEXT NOT NULL,
  agent TEXT NOT NULL,
  addr TEXT NOT NULL,
  place TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL
) /*keyed*/;
CREATE INDEX push_scan_flow ON push_scan (flow);
CREATE INDEX push_scan_expires ON push_scan (expires);
