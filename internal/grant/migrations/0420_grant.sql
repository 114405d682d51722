-- What one account gave one app in one session. It ends with the session, the account and the app,
-- and everything issued under it ends with it: the database itself sees to that.
CREATE TABLE app_grant (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  client TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  nonce TEXT NOT NULL,
  auth_time BIGINT NOT NULL,
  acr TEXT NOT NULL,
  amr TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT NOT NULL
);
CREATE INDEX app_grant_session ON app_grant (session);
CREATE INDEX app_grant_account ON app_grant (account, client);
CREATE INDEX app_grant_client ON app_grant (client);
CREATE TABLE auth_code (
  hash BYTEA NOT NULL PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES app_grant (id) ON DELETE CASCADE,
  client TEXT NOT NULL,
  redirect TEXT NOT NULL,
  challenge TEXT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT
) /*keyed*/;
CREATE INDEX auth_code_grant ON auth_code (grant_id);
CREATE INDEX auth_code_expires ON auth_code (expires);
CREATE TABLE access_token (
  hash BYTEA NOT NULL PRIMARY KEY,
  grant_id TEXT REFERENCES app_grant (id) ON DELETE CASCADE,
  client TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL
) /*keyed*/;
CREATE INDEX access_token_grant ON access_token (grant_id);
CREATE INDEX access_token_client ON access_token (client);
CREATE INDEX access_token_expires ON access_token (expires);
CREATE TABLE refresh_token (
  hash BYTEA NOT NULL PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES app_grant (id) ON DELETE CASCADE,
  expires BIGINT NOT NULL,
  used BIGINT
) /*keyed*/;
CREATE INDEX refresh_token_grant ON refresh_token (grant_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires);
CREATE TABLE consent (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  client TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  given BIGINT NOT NULL,
  PRIMARY KEY (account, client)
) /*keyed*/;
CREATE INDEX consent_client ON consent (client);
