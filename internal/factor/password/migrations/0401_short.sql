-- Whether the password is shorter than one that is the only factor must be: it was set
-- beside a second factor, and is to be changed when that is switched off.
ALTER TABLE password ADD COLUMN short BIGINT NOT NULL DEFAULT 0;
