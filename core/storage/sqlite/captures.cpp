#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

// What a row costs beside its texts: a flood of empty calls is bounded, too.
constexpr std::int64_t row_bytes = 256;

}  // namespace

Result<void> SqliteCaptures::put(const Capture& capture) {
    auto size = row_bytes + static_cast<std::int64_t>(capture.request.size()) +
                static_cast<std::int64_t>(capture.reply.size());
    return Query(context_.connection,
                 "INSERT INTO capture (request_id, time, account, token, model, request, reply, "
                 "request_cut, reply_cut, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(capture.request_id, capture.time, capture.account.value, capture.token.value,
              capture.model, capture.request, capture.reply, capture.request_cut, capture.reply_cut,
              size)
        .run();
}

Result<std::vector<Capture>> SqliteCaptures::find(std::string_view request_id, int limit) {
    Query query(context_.connection,
                "SELECT request_id, time, account, token, model, request, reply, request_cut, "
                "reply_cut FROM capture WHERE request_id = ? ORDER BY id DESC LIMIT ?");
    query.bind(request_id, limit);
    return read_all<Capture>(query, [](Query& from, Capture& row) {
        from.read(row.request_id, row.time, row.account, row.token, row.model, row.request,
                  row.reply, row.request_cut, row.reply_cut);
    });
}

Result<std::int64_t> SqliteCaptures::sweep(WallTime before, std::int64_t bytes_max, int count_max) {
    auto done = Query(context_.connection,
                      "DELETE FROM capture WHERE id IN (SELECT id FROM (SELECT id, time FROM "
                      "capture ORDER BY id LIMIT ?) WHERE time < ?)")
                    .bind(count_max, before)
                    .run();
    if (!done)
        return done.error();
    std::int64_t gone = context_.connection.changes();
    done = Query(context_.connection,
                 "DELETE FROM capture WHERE id IN (SELECT id FROM (SELECT id, size, sum(size) OVER "
                 "(ORDER BY id) AS bytes FROM (SELECT id, size FROM capture ORDER BY id LIMIT ?)) "
                 "WHERE bytes - size < (SELECT bytes FROM kept_bytes WHERE what = 'capture') - ?)")
               .bind(count_max, bytes_max)
               .run();
    if (!done)
        return done.error();
    return gone + context_.connection.changes();
}

}  // namespace obliv::storage::sqlite
