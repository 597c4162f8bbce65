-- Whether a token's calls may be answered from the cache. The way back forgets it.
-- up
ALTER TABLE token ADD COLUMN cache INTEGER NOT NULL DEFAULT 0;

-- down
ALTER TABLE token DROP COLUMN cache;
