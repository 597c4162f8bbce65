-- What providers keep for callers: files and batches. The way back forgets whose they are and where.
-- up
CREATE TABLE object (
    place      INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,
    kind       INTEGER NOT NULL,
    tenant     INTEGER NOT NULL,
    account    INTEGER NOT NULL,
    channel    INTEGER NOT NULL,
    key_index  INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    json       TEXT NOT NULL,
    settled    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, kind, id)
);

-- down
DROP TABLE object;
