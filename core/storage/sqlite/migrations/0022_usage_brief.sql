-- Many calls of one moment are of the same caller, model and outcome. What they have in common is written once, as
-- their kind, and each of them as a brief row. Both lie beside the rows of their month, and are made like the two
-- tables here, which stay empty; usage_all reads them as rows like any other. The way back makes rows of them.
-- up
CREATE TABLE usage_kind (
    id             INTEGER PRIMARY KEY,
    tenant         INTEGER,
    account        INTEGER,
    user           INTEGER,
    token          INTEGER,
    model          TEXT,
    model_served   TEXT,
    channel        INTEGER,
    key_index      INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    audio_in       INTEGER,
    image_in       INTEGER,
    audio_out      INTEGER,
    source         INTEGER,
    price          INTEGER,
    loss           INTEGER,
    status         INTEGER,
    attempts       INTEGER,
    stream         INTEGER,
    finish_reason  TEXT,
    client         TEXT,
    user_agent     TEXT,
    error          TEXT,
    images         INTEGER,
    seconds        INTEGER,
    characters     INTEGER,
    searches       INTEGER,
    share          INTEGER
);
CREATE TABLE usage_brief (
    id          INTEGER PRIMARY KEY,
    time        INTEGER,
    request_id  TEXT,
    input       INTEGER,
    cache_read  INTEGER,
    output      INTEGER,
    reasoning   INTEGER,
    held        INTEGER,
    cost        INTEGER,
    ttft_us     INTEGER,
    duration_us INTEGER,
    kind        INTEGER
);
-- each
SELECT replace(sql, name, name || '_' || month) FROM sqlite_schema, usage_month
WHERE name IN ('usage_kind', 'usage_brief') AND month <> 0 AND gone = 0;
-- then

-- down
DROP VIEW IF EXISTS usage_all;
-- each
SELECT 'INSERT INTO usage_row_' || month || ' (id, time, request_id, tenant, account, user, token, model, model_served, channel,
        key_index, input, cache_read, cache_write_5m, cache_write_1h, audio_in, image_in, output, reasoning, audio_out, source,
        price, held, cost, loss, ttft_us, duration_us, status, attempts, stream, finish_reason, client, user_agent, error, images,
        seconds, characters, searches, share)
    SELECT b.id, time, request_id, tenant, account, user, token, model, model_served, channel,
        key_index, input, cache_read, cache_write_5m, cache_write_1h, audio_in, image_in, output, reasoning, audio_out, source,
        price, held, cost, loss, ttft_us, duration_us, status, attempts, stream, finish_reason, client, user_agent, error, images,
        seconds, characters, searches, share
    FROM usage_brief_' || month || ' b CROSS JOIN usage_kind_' || month || ' k ON k.id = b.kind;
    DROP TABLE usage_brief_' || month || '; DROP TABLE usage_kind_' || month
FROM usage_month WHERE month <> 0 AND gone = 0;
-- then
DROP TABLE usage_brief;
DROP TABLE usage_kind;
