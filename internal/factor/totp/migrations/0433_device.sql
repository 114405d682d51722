-- Codes that an installation of Tegata shows for its own account are authenticators
-- too, but not ones that somebody set up by hand.
ALTER TABLE totp ADD COLUMN device TEXT NOT NULL DEFAULT '';
CREATE INDEX totp_device ON totp (device);
