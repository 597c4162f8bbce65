-- What people were told of, and how far each account was down when they were last told. The way back
-- forgets both.
-- up
CREATE TABLE notice (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL,
    time     INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    severity TEXT NOT NULL,
    subject  TEXT NOT NULL,
    title    TEXT NOT NULL,
    text     TEXT NOT NULL
);

CREATE TABLE balance_mark (
    account INTEGER PRIMARY KEY REFERENCES account (id),
    full    INTEGER NOT NULL,
    level   INTEGER NOT NULL
);

-- down
DROP TABLE balance_mark;
DROP TABLE notice;
