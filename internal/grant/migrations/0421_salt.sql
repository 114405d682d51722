CREATE TABLE pairwise_salt (
  one  BIGINT PRIMARY KEY,
  salt BYTEA NOT NULL
);
