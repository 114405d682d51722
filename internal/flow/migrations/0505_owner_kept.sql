-- The first owner's link used to end with any account; now it ends when it was used or an
-- account was made at the terminal. Where accounts stand already it has ended, and stays so.
INSERT INTO owner (one, made)
  SELECT 1, min(created) FROM account WHERE state <> 'unconfirmed' HAVING count(*) > 0
  ON CONFLICT (one) DO NOTHING;
