-- When an account was last offered a passkey, and whether it wants no offer any more (SI-18).
CREATE TABLE passkey_offer (
  account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  at BIGINT NOT NULL,
  declined BIGINT
) /*keyed*/;
