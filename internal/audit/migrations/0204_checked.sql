-- What the last walk over the whole chain found, and who is walking it now.
CREATE TABLE audit_checked (
  id BIGINT NOT NULL PRIMARY KEY,
  began BIGINT NOT NULL,
  at BIGINT,
  walked BIGINT NOT NULL,
  faults BIGINT NOT NULL,
  breaks BIGINT NOT NULL
);
INSERT INTO audit_checked (id, began, walked, faults, breaks) VALUES (1, 0, 0, 0, 0);
