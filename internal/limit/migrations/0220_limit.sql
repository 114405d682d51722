CREATE TABLE limit_counter (
  id BYTEA NOT NULL PRIMARY KEY,
  failures BIGINT NOT NULL,
  level BIGINT NOT NULL,
  last BIGINT NOT NULL,
  until BIGINT,
  kept BIGINT NOT NULL
) /*keyed*/;
CREATE INDEX limit_counter_last ON limit_counter (last) WHERE kept = 0;
