-- Prices for one channel, for images of one size or quality, by the length of the input, in batches and of
-- searches; what part of its price a call was charged, and what was searched. The way back keeps every version
-- under its id, those of a channel or a variant under a name that no call asks for; it forgets shares and searches,
-- so that afterwards `ledger verify` no longer agrees with calls that were charged by them.
-- up
ALTER TABLE price ADD COLUMN per_search INTEGER NOT NULL DEFAULT 0;
ALTER TABLE price ADD COLUMN channel INTEGER NOT NULL DEFAULT 0;
ALTER TABLE price ADD COLUMN variant TEXT NOT NULL DEFAULT '';
ALTER TABLE price ADD COLUMN tiers TEXT NOT NULL DEFAULT '';
ALTER TABLE price ADD COLUMN batch INTEGER NOT NULL DEFAULT 1000000;
ALTER TABLE usage_hour ADD COLUMN searches INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_day ADD COLUMN searches INTEGER NOT NULL DEFAULT 0;
DROP VIEW IF EXISTS usage_all;
-- each
SELECT 'ALTER TABLE ' || name || ' ADD COLUMN searches INTEGER NOT NULL DEFAULT 0; ALTER TABLE ' || name ||
       ' ADD COLUMN share INTEGER NOT NULL DEFAULT 1000000'
FROM (SELECT CASE month WHEN 0 THEN 'usage_row' ELSE 'usage_row_' || month END AS name FROM usage_month WHERE gone = 0
      UNION SELECT 'usage_row');
-- then

-- down
UPDATE price SET model = model || ' of channel ' || channel || ' ' || variant WHERE channel <> 0 OR variant <> '';
DROP VIEW IF EXISTS usage_all;
-- each
SELECT 'ALTER TABLE ' || name || ' DROP COLUMN share; ALTER TABLE ' || name || ' DROP COLUMN searches'
FROM (SELECT CASE month WHEN 0 THEN 'usage_row' ELSE 'usage_row_' || month END AS name FROM usage_month WHERE gone = 0
      UNION SELECT 'usage_row');
-- then
ALTER TABLE usage_day DROP COLUMN searches;
ALTER TABLE usage_hour DROP COLUMN searches;
ALTER TABLE price DROP COLUMN batch;
ALTER TABLE price DROP COLUMN tiers;
ALTER TABLE price DROP COLUMN variant;
ALTER TABLE price DROP COLUMN channel;
ALTER TABLE price DROP COLUMN per_search;
