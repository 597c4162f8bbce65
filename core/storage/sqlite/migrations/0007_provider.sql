-- Descriptions of providers that are not built in, version by version; the way back forgets them, and
-- channels that use them stay and serve nothing.
-- up
CREATE TABLE provider (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL REFERENCES tenant (id),
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    source     TEXT NOT NULL,
    removed    INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX provider_version ON provider (name, version);

-- down
DROP TABLE provider;
