-- What is set of a channel beyond where it points and whom it serves, and what became of it. The way
-- back forgets both.
-- up
ALTER TABLE channel ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

CREATE TABLE channel_event (
    id      INTEGER PRIMARY KEY,
    time    INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    model   TEXT NOT NULL,
    detail  TEXT NOT NULL
);
CREATE INDEX channel_event_channel ON channel_event (channel, id);

-- down
DROP TABLE channel_event;
ALTER TABLE channel DROP COLUMN settings;
