-- Replies of the Responses API that a caller may go on from. The way back forgets them.
-- up
CREATE TABLE response (
    id         TEXT PRIMARY KEY,
    tenant     INTEGER NOT NULL,
    account    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    previous   TEXT NOT NULL,
    input      TEXT NOT NULL,
    response   TEXT NOT NULL
);
CREATE INDEX response_by_age ON response (created_at);

-- down
DROP TABLE response;
