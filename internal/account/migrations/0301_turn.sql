-- Counts how often the account's doors were closed on everybody at once: a new password, "this was
-- not me", disabling. A proof made before the last time counts no more.
ALTER TABLE account ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;
