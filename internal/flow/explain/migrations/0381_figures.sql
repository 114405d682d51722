-- How an organisation's members stand, counted once a day where they are many.
CREATE TABLE org_figures (
  org TEXT NOT NULL PRIMARY KEY REFERENCES org (id) ON DELETE CASCADE,
  began BIGINT NOT NULL,
  body TEXT NOT NULL
) /*keyed*/;
