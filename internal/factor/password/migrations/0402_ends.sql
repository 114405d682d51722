-- Until when a password counts that somebody else gave the account's owner; empty: until it is changed.
ALTER TABLE password ADD COLUMN ends BIGINT;
