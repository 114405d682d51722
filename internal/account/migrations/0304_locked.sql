-- Since when the owner has switched sign-in off, and until when; both empty: it is on
-- (RS-01, RS-04).
ALTER TABLE account ADD COLUMN locked BIGINT;
ALTER TABLE account ADD COLUMN lock_ends BIGINT;
