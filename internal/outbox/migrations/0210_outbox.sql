-- What has to leave the house: written in the transaction that wants it, sent by a job.
-- The body is sealed and emptied once it was sent or dropped.
CREATE TABLE outbox (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  topic TEXT NOT NULL,
  recipient TEXT NOT NULL,
  account TEXT NOT NULL,
  body BYTEA,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  created BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  expires BIGINT,
  sent BIGINT,
  error TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_created ON outbox (created);
CREATE INDEX outbox_account ON outbox (account, topic, created);
