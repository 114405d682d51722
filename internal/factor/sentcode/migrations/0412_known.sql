-- Whether a browser asked that the account knows: strangers' sends are counted apart from its own.
ALTER TABLE mailcode ADD COLUMN known BIGINT NOT NULL DEFAULT 0;
