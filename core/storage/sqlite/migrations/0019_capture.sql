-- What was said in calls: several may have the id that their clients gave them, so each says whose it is.
-- How much is kept of them and of repeated calls is counted as it comes and goes. The way back forgets what
-- was said.
-- up
DROP TABLE capture;
CREATE TABLE capture (
    id          INTEGER PRIMARY KEY,
    request_id  TEXT NOT NULL,
    time        INTEGER NOT NULL,
    account     INTEGER NOT NULL,
    token       INTEGER NOT NULL,
    model       TEXT NOT NULL,
    request     TEXT NOT NULL,
    reply       TEXT NOT NULL,
    request_cut INTEGER NOT NULL,
    reply_cut   INTEGER NOT NULL,
    size        INTEGER NOT NULL
);
CREATE INDEX capture_request ON capture (request_id);
CREATE TABLE kept_bytes (
    what  TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO kept_bytes VALUES ('capture', 0), ('repeat', (SELECT coalesce(sum(size), 0) FROM repeat));
CREATE TRIGGER capture_comes AFTER INSERT ON capture BEGIN
    UPDATE kept_bytes SET bytes = bytes + new.size WHERE what = 'capture';
END;
CREATE TRIGGER capture_goes AFTER DELETE ON capture BEGIN
    UPDATE kept_bytes SET bytes = bytes - old.size WHERE what = 'capture';
END;
CREATE TRIGGER repeat_comes AFTER INSERT ON repeat BEGIN
    UPDATE kept_bytes SET bytes = bytes + new.size WHERE what = 'repeat';
END;
CREATE TRIGGER repeat_goes AFTER DELETE ON repeat BEGIN
    UPDATE kept_bytes SET bytes = bytes - old.size WHERE what = 'repeat';
END;

-- down
DROP TRIGGER capture_comes;
DROP TRIGGER capture_goes;
DROP TRIGGER repeat_comes;
DROP TRIGGER repeat_goes;
DROP TABLE kept_bytes;
DROP TABLE capture;
CREATE TABLE capture (
    request_id  TEXT PRIMARY KEY,
    time        INTEGER NOT NULL,
    request     TEXT NOT NULL,
    reply       TEXT NOT NULL,
    request_cut INTEGER NOT NULL,
    reply_cut   INTEGER NOT NULL
);
CREATE INDEX capture_time ON capture (time);
