-- An authenticator app: its secret sealed for this row, and the last time step
-- whose code was spent. A step ahead that was told of as a wrong clock is barred,
-- or one could guess a code now and use it when its time comes.
CREATE TABLE totp (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  slot BIGINT NOT NULL,
  mark BYTEA NOT NULL,
  name TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  step BIGINT NOT NULL,
  barred BIGINT NOT NULL,
  created BIGINT NOT NULL,
  last_used BIGINT
);
CREATE UNIQUE INDEX totp_slot ON totp (account, slot);
CREATE UNIQUE INDEX totp_mark ON totp (account, mark);
