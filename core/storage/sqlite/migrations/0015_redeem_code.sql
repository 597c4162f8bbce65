-- Codes that stand for money, each used once. The way back forgets them; what was redeemed stays booked.
-- up
CREATE TABLE redeem_code (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL REFERENCES tenant (id),
    batch      TEXT NOT NULL,
    digest     BLOB NOT NULL UNIQUE,
    prefix     TEXT NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount > 0),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    lasts_ms   INTEGER,
    revoked_at INTEGER,
    used_at    INTEGER,
    account    INTEGER REFERENCES account (id),
    token      INTEGER
);
CREATE INDEX redeem_batch ON redeem_code (batch, id);

-- down
DROP TABLE redeem_code;
