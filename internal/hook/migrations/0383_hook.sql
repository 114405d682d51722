-- An organisation's endpoints that are told of what happens in it, and what each was told. A delivery holds no text:
-- what is sent is made from the audit row each time, so that what was erased is sent no more.
CREATE TABLE hook (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  kinds TEXT NOT NULL,
  secret BYTEA NOT NULL,
  former BYTEA,
  former_until BIGINT,
  disabled BIGINT NOT NULL,
  why TEXT NOT NULL,
  failing BIGINT NOT NULL,
  rests BIGINT,
  created BIGINT NOT NULL
) /*keyed*/;
CREATE INDEX hook_org ON hook (org, created);
CREATE TABLE hook_delivery (
  id TEXT NOT NULL PRIMARY KEY,
  hook TEXT NOT NULL REFERENCES hook (id) ON DELETE CASCADE,
  reference TEXT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  state TEXT NOT NULL,
  tries BIGINT NOT NULL,
  status BIGINT NOT NULL,
  why TEXT NOT NULL,
  tried BIGINT,
  created BIGINT NOT NULL,
  UNIQUE (hook, reference)
) /*keyed*/;
CREATE INDEX hook_delivery_list ON hook_delivery (hook, id);
CREATE INDEX hook_delivery_created ON hook_delivery (created);
-- Up to which row the audit log was read for hooks.
CREATE TABLE hook_cursor (
  id BIGINT NOT NULL PRIMARY KEY,
  seq BIGINT NOT NULL
);
INSERT INTO hook_cursor (id, seq) VALUES (1, 0);
