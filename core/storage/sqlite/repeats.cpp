#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

// What a row costs beside its body: a flood of empty replies is bounded, too.
constexpr std::int64_t row_bytes = 512;
// And what is left of one whose reply went.
constexpr std::int64_t trace_bytes = 192;

std::int64_t size_of(const RepeatRow& row) {
    if (!row.whole && row.run.empty())
        return trace_bytes;
    return row_bytes + static_cast<std::int64_t>(row.body.size());
}

void read_row(Query& query, RepeatRow& row) {
    query.read(row.key, row.request_id, row.run, row.call.account, row.call.time, row.call.since,
               row.time, row.whole, row.request, row.content_type, row.body);
}

}  // namespace

Result<std::optional<RepeatRow>> SqliteRepeats::find(const Sha256& key) {
    Query query(context_.connection,
                "SELECT key, request_id, run, account, call_time, since, time, "
                "whole, request, content_type, body FROM repeat WHERE key = ?");
    query.bind(key);
    auto row = query.step();
    if (!row)
        return row.error();
    std::optional<RepeatRow> found;
    if (*row)
        read_row(query, found.emplace());
    return found;
}

Result<void> SqliteRepeats::put(const RepeatRow& row) {
    // Not in one statement: what is replaced must be counted as gone.
    auto done = Query(context_.connection, "DELETE FROM repeat WHERE key = ?").bind(row.key).run();
    if (!done)
        return done;
    return Query(context_.connection,
                 "INSERT INTO repeat (key, request_id, run, account, call_time, since, "
                 "time, whole, request, content_type, size, body) "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(row.key, row.request_id, row.run, row.call.account.value, row.call.time,
              row.call.since.value, row.time, row.whole, row.request, row.content_type,
              size_of(row), row.body)
        .run();
}

Result<void> SqliteRepeats::remove(const Sha256& key, const CallMark& call) {
    return Query(context_.connection, "DELETE FROM repeat WHERE key = ? AND call_time = ?")
        .bind(key, call.time)
        .run();
}

Result<bool> SqliteRepeats::was_charged(const CallMark& call, ChargeId below) {
    Query query(context_.connection,
                "SELECT 1 FROM charge WHERE id >= ? AND id < ? AND account = ? AND time = ? AND "
                "cost + loss > 0 LIMIT 1");
    query.bind(call.since.value, below.value, call.account, call.time);
    return query.step();
}

Result<void> SqliteRepeats::sweep(WallTime before, std::int64_t bytes_max) {
    auto done = Query(context_.connection,
                      "DELETE FROM repeat WHERE key IN (SELECT key FROM repeat WHERE time < ? "
                      "ORDER BY time LIMIT 200)")
                    .bind(before)
                    .run();
    if (!done)
        return done;
    auto gone = oldest_beyond(bytes_max);
    if (!gone)
        return gone.error();
    for (const auto& row : *gone)
        if (done = put(row); !done)
            return done;
    return ok();
}

/// As many of the oldest replies as are too many, without what they said: only those are put in
/// order and summed up.
Result<std::vector<RepeatRow>> SqliteRepeats::oldest_beyond(std::int64_t bytes_max) {
    std::vector<RepeatRow> rows;
    Query query(context_.connection,
                "SELECT key, request_id, time, request FROM repeat WHERE key IN (SELECT key FROM "
                "(SELECT key, size, sum(size) OVER (ORDER BY time, key) AS bytes FROM (SELECT key, "
                "time, size FROM repeat WHERE whole ORDER BY time, key LIMIT 200)) WHERE bytes - "
                "size < (SELECT bytes FROM kept_bytes WHERE what = 'repeat') - ?)");
    query.bind(bytes_max);
    while (true) {
        auto more = query.step();
        if (!more)
            return more.error();
        if (!*more)
            return rows;
        auto& row = rows.emplace_back();
        query.read(row.key, row.request_id, row.time, row.request);
    }
}

Result<std::int64_t> SqliteRepeats::bytes() {
    Query query(context_.connection, "SELECT bytes FROM kept_bytes WHERE what = 'repeat'");
    std::int64_t bytes = 0;
    auto row = query.step();
    if (!row)
        return row.error();
    if (*row)
        query.read(bytes);
    return bytes;
}

}  // namespace obliv::storage::sqlite
