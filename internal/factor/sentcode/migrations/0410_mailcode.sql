-- A code sent by mail: only a keyed hash of it, over everything it is bound to.
CREATE TABLE mailcode (
  id TEXT NOT NULL PRIMARY KEY,
  purpose TEXT NOT NULL,
  subject TEXT NOT NULL,
  flow TEXT NOT NULL,
  mac BYTEA NOT NULL,
  link BYTEA,
  sent BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT
);
CREATE INDEX mailcode_subject ON mailcode (subject, purpose, sent);
CREATE INDEX mailcode_flow ON mailcode (flow);
CREATE UNIQUE INDEX mailcode_link ON mailcode (link) WHERE link IS NOT NULL;
CREATE INDEX mailcode_expires ON mailcode (expires);
