#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {

Result<void> SqliteCaptures::put(const Capture& capture) {
    return Query(context_.connection, "INSERT OR REPLACE INTO capture (request_id, time, request, "
                                      "reply, request_cut, reply_cut) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(capture.request_id, capture.time, capture.request, capture.reply, capture.request_cut,
              capture.reply_cut)
        .run();
}

Result<Capture> SqliteCaptures::get(std::string_view request_id) {
    Query query(context_.connection, "SELECT request_id, time, request, reply, request_cut, "
                                     "reply_cut FROM capture WHERE request_id = ?");
    query.bind(request_id);
    return read_one<Capture>(query, "capture of call " + std::string(request_id),
                             [](Query& from, Capture& row) {
                                 from.read(row.request_id, row.time, row.request, row.reply,
                                           row.request_cut, row.reply_cut);
                             });
}

Result<std::int64_t> SqliteCaptures::sweep(WallTime before, int count_max) {
    auto done = Query(context_.connection, "DELETE FROM capture WHERE request_id IN (SELECT "
                                           "request_id FROM capture WHERE time < ? ORDER BY time "
                                           "LIMIT ?)")
                    .bind(before, count_max)
                    .run();
    if (!done)
        return done.error();
    return context_.connection.changes();
}

}  // namespace obliv::storage::sqlite
