-- What a wait is for, which browser began it and by which proof: the reader of the mailbox alone does not go on
-- where more than codes that were sent was asked for.
ALTER TABLE cooling ADD COLUMN purpose TEXT NOT NULL DEFAULT 'recover';
ALTER TABLE cooling ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE cooling ADD COLUMN proof TEXT NOT NULL DEFAULT '';
