-- An installation of Tegata: the public half of a key that never leaves it. It waits
-- until the person has said on both sides that the numbers are the same.
CREATE TABLE device (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  point BYTEA NOT NULL,
  state TEXT NOT NULL,
  main BIGINT NOT NULL DEFAULT 0,
  guarded BIGINT NOT NULL DEFAULT 0,
  turn BIGINT NOT NULL,
  at BIGINT NOT NULL DEFAULT 0,
  created BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  agent TEXT NOT NULL,
  addr TEXT NOT NULL,
  place TEXT NOT NULL,
  endpoint TEXT NOT NULL DEFAULT '',
  pushkeys BYTEA
);
CREATE UNIQUE INDEX device_point ON device (point);
CREATE UNIQUE INDEX device_main ON device (account) WHERE main = 1;
CREATE INDEX device_account ON device (account, created);
-- A ticket lets one installation ask to be taken in, once.
CREATE TABLE device_ticket (
  id BYTEA NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  session TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  device TEXT REFERENCES device (id) ON DELETE CASCADE,
  number TEXT NOT NULL DEFAULT '',
  here BIGINT NOT NULL DEFAULT 0,
  there BIGINT NOT NULL DEFAULT 0,
  handed BIGINT NOT NULL DEFAULT 0,
  finished BIGINT NOT NULL DEFAULT 0
) /*keyed*/;
CREATE INDEX device_ticket_session ON device_ticket (session);
CREATE INDEX device_ticket_device ON device_ticket (device);
CREATE INDEX device_ticket_expires ON device_ticket (expires);
CREATE INDEX device_ticket_account ON device_ticket (account);
