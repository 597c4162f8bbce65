-- Prices and counts of what is sold by other units than tokens. The way back forgets them and keeps the
-- rows, so that bills which had them can no longer be recomputed.
-- up
ALTER TABLE price ADD COLUMN per_image INTEGER NOT NULL DEFAULT 0;
ALTER TABLE price ADD COLUMN per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE price ADD COLUMN per_character INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_row ADD COLUMN images INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_row ADD COLUMN seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_row ADD COLUMN characters INTEGER NOT NULL DEFAULT 0;

-- down
ALTER TABLE usage_row DROP COLUMN characters;
ALTER TABLE usage_row DROP COLUMN seconds;
ALTER TABLE usage_row DROP COLUMN images;
ALTER TABLE price DROP COLUMN per_character;
ALTER TABLE price DROP COLUMN per_second;
ALTER TABLE price DROP COLUMN per_image;
