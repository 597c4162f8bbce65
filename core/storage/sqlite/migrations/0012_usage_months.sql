-- Usage rows by month, and their sums by hour and by day. usage_row keeps what was there before and is
-- what the tables of the months are made like; usage_all reads all of them. The way back puts every row
-- into usage_row again and forgets the sums, which can be made anew.
-- up
CREATE TABLE usage_month (
    month      INTEGER PRIMARY KEY,
    gone       INTEGER NOT NULL DEFAULT 0,
    retired_to INTEGER NOT NULL DEFAULT 0,
    rows       INTEGER NOT NULL DEFAULT 0,
    cost       INTEGER NOT NULL DEFAULT 0,
    loss       INTEGER NOT NULL DEFAULT 0
);
INSERT INTO usage_month (month) VALUES (0);

CREATE TABLE usage_hour (
    hour           INTEGER NOT NULL,
    model          TEXT NOT NULL,
    served         TEXT NOT NULL,
    channel        INTEGER NOT NULL,
    token          INTEGER NOT NULL,
    account        INTEGER NOT NULL,
    user           INTEGER NOT NULL,
    requests       INTEGER NOT NULL,
    errors         INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    audio_in       INTEGER NOT NULL,
    image_in       INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    audio_out      INTEGER NOT NULL,
    images         INTEGER NOT NULL,
    seconds        INTEGER NOT NULL,
    characters     INTEGER NOT NULL,
    cost           INTEGER NOT NULL,
    PRIMARY KEY (hour, model, served, channel, token, account, user)
) WITHOUT ROWID;

CREATE TABLE usage_day (
    day            INTEGER NOT NULL,
    model          TEXT NOT NULL,
    served         TEXT NOT NULL,
    channel        INTEGER NOT NULL,
    token          INTEGER NOT NULL,
    account        INTEGER NOT NULL,
    user           INTEGER NOT NULL,
    requests       INTEGER NOT NULL,
    errors         INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    audio_in       INTEGER NOT NULL,
    image_in       INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    audio_out      INTEGER NOT NULL,
    images         INTEGER NOT NULL,
    seconds        INTEGER NOT NULL,
    characters     INTEGER NOT NULL,
    cost           INTEGER NOT NULL,
    PRIMARY KEY (day, model, served, channel, token, account, user)
) WITHOUT ROWID;

-- Between which ids the rows of an hour lie.
CREATE TABLE usage_span (
    hour  INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL
);

ALTER TABLE fold ADD COLUMN charges INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fold ADD COLUMN billed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fold ADD COLUMN rolled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fold ADD COLUMN rolled_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fold ADD COLUMN units INTEGER NOT NULL DEFAULT 0;
UPDATE fold SET (charges, billed) = (SELECT count(*), coalesce(sum(cost), 0) + coalesce(sum(loss), 0)
                                     FROM charge WHERE id <= watermark);

CREATE TABLE capture (
    request_id  TEXT PRIMARY KEY,
    time        INTEGER NOT NULL,
    request     TEXT NOT NULL,
    reply       TEXT NOT NULL,
    request_cut INTEGER NOT NULL,
    reply_cut   INTEGER NOT NULL
);
CREATE INDEX capture_time ON capture (time);

-- down
DROP TABLE capture;
ALTER TABLE fold DROP COLUMN units;
ALTER TABLE fold DROP COLUMN rolled_rows;
ALTER TABLE fold DROP COLUMN rolled;
ALTER TABLE fold DROP COLUMN billed;
ALTER TABLE fold DROP COLUMN charges;
DROP TABLE usage_span;
DROP TABLE usage_day;
DROP TABLE usage_hour;
DROP VIEW IF EXISTS usage_all;
-- each
SELECT 'INSERT INTO usage_row SELECT * FROM usage_row_' || month || '; DROP TABLE usage_row_' || month
FROM usage_month WHERE month <> 0 AND gone = 0;
-- then
DROP TABLE usage_month;
