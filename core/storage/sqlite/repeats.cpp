#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

// What a row costs beside its body: a flood of empty replies is bounded, too.
constexpr std::int64_t row_bytes = 512;

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
    auto size = row_bytes + static_cast<std::int64_t>(row.body.size());
    // Not in one statement: what is replaced must be counted as gone.
    auto done = Query(context_.connection, "DELETE FROM repeat WHERE key = ?").bind(row.key).run();
    if (!done)
        return done;
    return Query(context_.connection,
                 "INSERT INTO repeat (key, request_id, run, account, call_time, since, "
                 "time, whole, request, content_type, size, body) "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(row.key, row.request_id, row.run, row.call.account.value, row.call.time,
              row.call.since.value, row.time, row.whole, row.request, row.content_type, size,
              row.body)
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
    // The oldest, as many as are too many: only those are put in order and summed up.
    return Query(context_.connection,
                 "DELETE FROM repeat WHERE key IN (SELECT key FROM (SELECT key, size, sum(size) "
                 "OVER (ORDER BY time, key) AS bytes FROM (SELECT key, time, size FROM repeat "
                 "ORDER BY time, key LIMIT 200)) WHERE bytes - size < (SELECT bytes FROM "
                 "kept_bytes WHERE what = 'repeat') - ?)")
        .bind(bytes_max)
        .run();
}

}  // namespace obliv::storage::sqlite
