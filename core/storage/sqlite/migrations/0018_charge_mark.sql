-- What proves that a call or a batch was charged is what the daemon wrote itself: which charges came after, whose
-- it is, and when; never the id that a client gave its request. What was noted without it counts as charged. The
-- way back forgets it again.
-- up
ALTER TABLE repeat ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repeat ADD COLUMN call_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repeat ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE object ADD COLUMN charge_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE object ADD COLUMN charge_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE object DROP COLUMN charge_request;
ALTER TABLE object DROP COLUMN charge_run;
CREATE INDEX object_marked ON object (charge_since) WHERE charge_since > 0;

-- down
DROP INDEX object_marked;
ALTER TABLE repeat DROP COLUMN account;
ALTER TABLE repeat DROP COLUMN call_time;
ALTER TABLE repeat DROP COLUMN since;
ALTER TABLE object DROP COLUMN charge_since;
ALTER TABLE object DROP COLUMN charge_time;
ALTER TABLE object ADD COLUMN charge_request TEXT NOT NULL DEFAULT '';
ALTER TABLE object ADD COLUMN charge_run TEXT NOT NULL DEFAULT '';
