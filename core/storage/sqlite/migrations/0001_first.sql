-- What one relayed, billed call needs. Money is in nano-dollars, times are in nanoseconds since 1970.
-- up
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE tenant (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
);

CREATE TABLE user (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL REFERENCES tenant (id),
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (tenant, name)
);

-- balance: the sum of the account's entries, transfers at once and charges up to fold.watermark.
CREATE TABLE account (
    id           INTEGER PRIMARY KEY,
    tenant       INTEGER NOT NULL REFERENCES tenant (id),
    user         INTEGER REFERENCES user (id),
    name         TEXT NOT NULL,
    kind         INTEGER NOT NULL,
    credit_limit INTEGER NOT NULL DEFAULT 0,
    balance      INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    UNIQUE (tenant, name)
);

-- spent: by the token's charges up to fold.watermark.
CREATE TABLE token (
    id                  INTEGER PRIMARY KEY,
    tenant              INTEGER NOT NULL REFERENCES tenant (id),
    user                INTEGER REFERENCES user (id),
    account             INTEGER NOT NULL REFERENCES account (id),
    name                TEXT NOT NULL,
    digest              BLOB NOT NULL,
    hint                TEXT NOT NULL,
    role                INTEGER NOT NULL,
    grp                 TEXT NOT NULL,
    models              TEXT NOT NULL,
    budget              INTEGER,
    spent               INTEGER NOT NULL DEFAULT 0,
    requests_per_minute INTEGER NOT NULL,
    concurrent_max      INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    expires_at          INTEGER,
    revoked_at          INTEGER,
    removed_at          INTEGER
);
CREATE UNIQUE INDEX token_name ON token (tenant, name) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX token_digest ON token (digest);

CREATE TABLE channel (
    id         INTEGER PRIMARY KEY,
    tenant     INTEGER NOT NULL REFERENCES tenant (id),
    name       TEXT NOT NULL,
    type       TEXT NOT NULL,
    base_url   TEXT NOT NULL,
    models     TEXT NOT NULL,
    aliases    TEXT NOT NULL,
    groups     TEXT NOT NULL,
    priority   INTEGER NOT NULL,
    weight     INTEGER NOT NULL,
    enabled    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    removed_at INTEGER
);
CREATE UNIQUE INDEX channel_name ON channel (tenant, name) WHERE removed_at IS NULL;

-- Sealed under the master key, for this channel only.
CREATE TABLE channel_key (
    channel  INTEGER NOT NULL REFERENCES channel (id),
    position INTEGER NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (channel, position)
) WITHOUT ROWID;

-- One version of the price of a model; appended, never changed.
CREATE TABLE price (
    id             INTEGER PRIMARY KEY,
    tenant         INTEGER NOT NULL REFERENCES tenant (id),
    model          TEXT NOT NULL,
    effective_from INTEGER NOT NULL,
    removed        INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    cache_read     INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    audio_in       INTEGER,
    image_in       INTEGER,
    reasoning      INTEGER,
    audio_out      INTEGER,
    per_call       INTEGER NOT NULL
);
CREATE INDEX price_model ON price (model, effective_from);

-- One row per ended call. No secondary index and no constraint: a row that was acknowledged must
-- never be refused, and every further index would cost as much as the row.
CREATE TABLE charge (
    id      INTEGER PRIMARY KEY,
    time    INTEGER,
    account INTEGER,
    token   INTEGER,
    price   INTEGER,
    held    INTEGER,
    cost    INTEGER,
    loss    INTEGER
);

CREATE TABLE usage_row (
    id             INTEGER PRIMARY KEY,
    time           INTEGER,
    request_id     TEXT,
    tenant         INTEGER,
    account        INTEGER,
    user           INTEGER,
    token          INTEGER,
    model          TEXT,
    model_served   TEXT,
    channel        INTEGER,
    key_index      INTEGER,
    input          INTEGER,
    cache_read     INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    audio_in       INTEGER,
    image_in       INTEGER,
    output         INTEGER,
    reasoning      INTEGER,
    audio_out      INTEGER,
    source         INTEGER,
    price          INTEGER,
    held           INTEGER,
    cost           INTEGER,
    loss           INTEGER,
    ttft_us        INTEGER,
    duration_us    INTEGER,
    status         INTEGER,
    attempts       INTEGER,
    stream         INTEGER,
    finish_reason  TEXT,
    client         TEXT,
    user_agent     TEXT
);

CREATE TABLE transfer (
    id           INTEGER PRIMARY KEY,
    time         INTEGER NOT NULL,
    source       INTEGER NOT NULL REFERENCES account (id),
    target       INTEGER NOT NULL REFERENCES account (id),
    amount       INTEGER NOT NULL CHECK (amount > 0),
    kind         INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    operation_id TEXT NOT NULL UNIQUE
);

CREATE TABLE fold (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    watermark INTEGER NOT NULL
);

INSERT INTO fold VALUES (1, 0);
INSERT INTO tenant VALUES (1, 'default', unixepoch() * 1000000000);
INSERT INTO user VALUES (1, 1, 'admin', 'admin', unixepoch() * 1000000000);
INSERT INTO account (id, tenant, user, name, kind, created_at) VALUES
    (1, 1, NULL, 'revenue', 3, unixepoch() * 1000000000),
    (2, 1, NULL, 'funding', 3, unixepoch() * 1000000000),
    (3, 1, NULL, 'loss', 3, unixepoch() * 1000000000),
    (10, 1, 1, 'admin', 0, unixepoch() * 1000000000);

-- down
DROP TABLE fold;
DROP TABLE transfer;
DROP TABLE usage_row;
DROP TABLE charge;
DROP TABLE price;
DROP TABLE channel_key;
DROP TABLE channel;
DROP TABLE token;
DROP TABLE account;
DROP TABLE user;
DROP TABLE tenant;
DROP TABLE meta;
