-- What people ask the support desk for when no way leads in (SU-03). Of the links only hashes are kept.
CREATE TABLE ticket (
  id TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  link BYTEA NOT NULL,
  code BYTEA NOT NULL,
  tries BIGINT NOT NULL,
  kind TEXT NOT NULL,
  norm TEXT NOT NULL,
  shown TEXT NOT NULL,
  contact TEXT NOT NULL,
  lang TEXT NOT NULL,
  words TEXT NOT NULL,
  reference TEXT NOT NULL,
  addr TEXT NOT NULL,
  agent TEXT NOT NULL,
  place TEXT NOT NULL,
  created BIGINT NOT NULL,
  opened BIGINT,
  ends BIGINT NOT NULL,
  account TEXT REFERENCES account (id) ON DELETE CASCADE,
  told BIGINT,
  handler TEXT NOT NULL,
  approver TEXT NOT NULL,
  decided BIGINT,
  reason TEXT NOT NULL,
  turn BIGINT NOT NULL,
  ready BIGINT,
  pickup BYTEA,
  closed BIGINT
) /*keyed*/;
CREATE UNIQUE INDEX ticket_link ON ticket (link);
CREATE UNIQUE INDEX ticket_pickup ON ticket (pickup) WHERE pickup IS NOT NULL;
CREATE INDEX ticket_norm ON ticket (norm, state);
CREATE INDEX ticket_account ON ticket (account, id);
CREATE INDEX ticket_ends ON ticket (ends);
CREATE INDEX ticket_untold ON ticket (id) WHERE told IS NULL AND state = 'open';
-- The list of checks as it was when somebody took the ticket on.
CREATE TABLE ticket_check (
  ticket TEXT NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  what TEXT NOT NULL,
  checker TEXT NOT NULL,
  at BIGINT,
  note TEXT NOT NULL,
  PRIMARY KEY (ticket, position)
) /*keyed*/;
-- What a desk checks: an organisation's, or with an empty name the operator's.
CREATE TABLE ticket_list (
  desk TEXT NOT NULL,
  position BIGINT NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY (desk, position)
) /*keyed*/;
