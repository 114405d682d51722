-- A key that proves an account. The credential's name is chosen by the key and
-- stands in one row only, whoever's it is.
CREATE TABLE passkey (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  credential BYTEA NOT NULL,
  public_key BYTEA NOT NULL,
  sign_count BIGINT NOT NULL,
  eligible BIGINT NOT NULL,
  synced BIGINT NOT NULL,
  verified BIGINT NOT NULL,
  transports TEXT NOT NULL,
  aaguid BYTEA NOT NULL,
  created BIGINT NOT NULL,
  last_used BIGINT,
  cloned BIGINT
);
CREATE UNIQUE INDEX passkey_credential ON passkey (credential);
CREATE INDEX passkey_account ON passkey (account, created);
-- What keys know an account by. It outlives the keys, so that a key enrolled
-- anew replaces what it kept before.
CREATE TABLE passkey_handle (
  account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  handle BYTEA NOT NULL
);
CREATE UNIQUE INDEX passkey_handle_handle ON passkey_handle (handle);
-- Challenges that were answered; each is answered once.
CREATE TABLE passkey_spent (
  hash BYTEA NOT NULL PRIMARY KEY,
  expires BIGINT NOT NULL
);
CREATE INDEX passkey_spent_expires ON passkey_spent (expires);
