-- What became of an SMS: the gateway's own name for it, and what its receipt said.
ALTER TABLE outbox ADD COLUMN receipt TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN delivery TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_receipt ON outbox (receipt) WHERE receipt <> '';
