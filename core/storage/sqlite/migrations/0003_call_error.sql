-- Why a call failed, by the public name of the error; empty: it did not, or nobody noted why. The way
-- back forgets the reasons and keeps the rows.
-- up
ALTER TABLE usage_row ADD COLUMN error TEXT NOT NULL DEFAULT '';

-- down
ALTER TABLE usage_row DROP COLUMN error;
