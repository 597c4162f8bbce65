-- What may be spent in a day or a month, and the clocks by which those begin. The way back forgets both.
-- up
ALTER TABLE account ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
CREATE TABLE budget (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL REFERENCES tenant (id),
    scope      INTEGER NOT NULL,
    subject    INTEGER NOT NULL,
    model      TEXT NOT NULL,
    period     INTEGER NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    created_at INTEGER NOT NULL,
    UNIQUE (tenant, scope, subject, model, period)
);

-- down
DROP TABLE budget;
ALTER TABLE account DROP COLUMN time_zone;
