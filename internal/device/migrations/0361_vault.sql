-- What Tegata keeps of an account's vault: ciphertext that only the owner opens.
CREATE TABLE device_vault (
  account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  sealed TEXT NOT NULL,
  changed BIGINT NOT NULL
) /*keyed*/;
