-- All that was proved is codes that were sent: such a session changes nothing that guards an account
-- which has another proof.
ALTER TABLE session ADD COLUMN sent BIGINT NOT NULL DEFAULT 0;
