-- Money that expires: left is what is unspent by events up to fold.watermark. The way back keeps what
-- is left for good.
-- up
CREATE TABLE lot (
    id         INTEGER PRIMARY KEY REFERENCES transfer (id),
    account    INTEGER NOT NULL REFERENCES account (id),
    amount     INTEGER NOT NULL CHECK (amount > 0),
    left       INTEGER NOT NULL CHECK (left >= 0),
    expires_at INTEGER NOT NULL
);
CREATE INDEX lot_open ON lot (account, expires_at, id) WHERE left > 0;

-- down
DROP TABLE lot;
