-- What changes for the calls of an account that is nearly out of money. The way back forgets it.
-- up
ALTER TABLE account ADD COLUMN degraded_models TEXT NOT NULL DEFAULT '{}';
ALTER TABLE account ADD COLUMN degraded_requests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN degraded_concurrent INTEGER NOT NULL DEFAULT 0;

-- down
ALTER TABLE account DROP COLUMN degraded_models;
ALTER TABLE account DROP COLUMN degraded_requests;
ALTER TABLE account DROP COLUMN degraded_concurrent;
