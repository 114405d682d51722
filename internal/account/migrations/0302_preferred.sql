-- The way that is asked for first as a second proof; empty: the strongest there is.
ALTER TABLE account ADD COLUMN preferred TEXT NOT NULL DEFAULT '';
