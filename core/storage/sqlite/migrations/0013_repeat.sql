-- Calls with an Idempotency-Key and their replies; who charges a batch. The way back forgets both: a batch
-- that is marked counts as charged.
-- up
CREATE TABLE repeat (
    key          BLOB PRIMARY KEY,
    request_id   TEXT NOT NULL,
    run          TEXT NOT NULL,
    time         INTEGER NOT NULL,
    whole        INTEGER NOT NULL,
    request      BLOB NOT NULL,
    content_type TEXT NOT NULL,
    size         INTEGER NOT NULL,
    body         TEXT NOT NULL
);
CREATE INDEX repeat_by_age ON repeat (time, key, size);
ALTER TABLE object ADD COLUMN charge_request TEXT NOT NULL DEFAULT '';
ALTER TABLE object ADD COLUMN charge_run TEXT NOT NULL DEFAULT '';

-- down
DROP TABLE repeat;
ALTER TABLE object DROP COLUMN charge_request;
ALTER TABLE object DROP COLUMN charge_run;
