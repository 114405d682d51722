-- What the new installation takes the place of, and the turn of the account that the ticket ends with; -1: with none.
ALTER TABLE device_ticket ADD COLUMN replaces TEXT NOT NULL DEFAULT '';
ALTER TABLE device_ticket ADD COLUMN turn BIGINT NOT NULL DEFAULT -1;
