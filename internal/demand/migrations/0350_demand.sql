-- Since when a policy has demanded a second factor: days of grace count from then (PO-03).
CREATE TABLE demand (
  policy TEXT NOT NULL PRIMARY KEY,
  since BIGINT NOT NULL
) /*keyed*/;
