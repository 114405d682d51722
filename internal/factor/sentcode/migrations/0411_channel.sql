-- A code goes by mail or by SMS; one sent one way is no answer to one sent the other.
ALTER TABLE mailcode ADD COLUMN channel TEXT NOT NULL DEFAULT 'mail';
