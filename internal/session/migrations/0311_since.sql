-- Since when the account is there: days of grace count from then, without another read at each check.
ALTER TABLE session ADD COLUMN since BIGINT;
