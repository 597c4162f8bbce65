-- A channel may have a proxy and time-outs of its own; the way back forgets them.
-- up
ALTER TABLE channel ADD COLUMN proxy TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN connect_timeout_ms INTEGER;
ALTER TABLE channel ADD COLUMN first_byte_timeout_ms INTEGER;
ALTER TABLE channel ADD COLUMN idle_timeout_ms INTEGER;
ALTER TABLE channel ADD COLUMN total_timeout_ms INTEGER;

-- down
ALTER TABLE channel DROP COLUMN total_timeout_ms;
ALTER TABLE channel DROP COLUMN idle_timeout_ms;
ALTER TABLE channel DROP COLUMN first_byte_timeout_ms;
ALTER TABLE channel DROP COLUMN connect_timeout_ms;
ALTER TABLE channel DROP COLUMN proxy;
