-- What happened to a call on its way to a provider, where its usage row cannot tell: more than one
-- attempt, a failure, a channel passed over. The way back forgets the records and keeps the rows.
-- up
CREATE TABLE attempt_record (
    id     INTEGER PRIMARY KEY,
    time   INTEGER NOT NULL,
    record TEXT NOT NULL
);

-- down
DROP TABLE attempt_record;
