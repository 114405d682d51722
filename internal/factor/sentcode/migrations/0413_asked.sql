-- How a code was asked for (way and identifier) and from which network, as keyed hashes: what one name or network
-- used up is not told to another.
ALTER TABLE mailcode ADD COLUMN asked BYTEA;
ALTER TABLE mailcode ADD COLUMN network BYTEA;
-- Where it goes, so too: what is sent to one address leaves another its own.
ALTER TABLE mailcode ADD COLUMN target BYTEA;
-- A code that was made and not sent, because another name of the same account had one sent a moment ago.
ALTER TABLE mailcode ADD COLUMN mute BIGINT NOT NULL DEFAULT 0;
