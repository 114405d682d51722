-- Since when an installation that was fresh is stale by a new password.
ALTER TABLE device ADD COLUMN outdated BIGINT;
