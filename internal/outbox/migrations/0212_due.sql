-- While one kind waits for its server, there may be many of it: looking for another
-- kind must not read them all.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (kind, next_at) WHERE state = 'waiting';
