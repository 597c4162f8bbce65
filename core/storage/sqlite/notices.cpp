#include "core/storage/sqlite/lists.hpp"
#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

constexpr std::int64_t kept = 10'000;
constexpr std::int64_t sweep_every = 100;

}  // namespace

Result<void> SqliteNotices::append(const NoticeRow& row) {
    auto done =
        Query(context_.connection,
              "INSERT INTO notice (key, time, kind, severity, subject, title, text) "
              "VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(row.key, row.time, row.kind, row.severity, row.subject, row.title, row.text)
            .run();
    auto id = context_.connection.last_id();
    if (!done || id % sweep_every != 0)
        return done;
    return Query(context_.connection, "DELETE FROM notice WHERE id <= ?").bind(id - kept).run();
}

Result<Page<NoticeRow>> SqliteNotices::page(std::string_view kind, const PageRequest& request) {
    PageBounds bounds(request);
    Query query(context_.connection,
                "SELECT id, key, time, kind, severity, subject, title, text FROM notice WHERE (?1 "
                "= '' OR kind = ?1) AND id > ?2 AND id < ?3" +
                    std::string(bounds.order));
    query.bind(kind, bounds.above, bounds.below, bounds.rows);
    return read_page<NoticeRow>(
        query, bounds,
        [](Query& from, NoticeRow& row) {
            from.read(row.id, row.key, row.time, row.kind, row.severity, row.subject, row.title,
                      row.text);
        },
        [](const NoticeRow& row) { return row.id; });
}

Result<std::vector<BalanceMarkRow>> SqliteNotices::marks() {
    Query query(context_.connection, "SELECT account, full, level FROM balance_mark");
    return read_all<BalanceMarkRow>(query, [](Query& from, BalanceMarkRow& row) {
        from.read(row.account, row.full, row.level);
    });
}

Result<void> SqliteNotices::set_mark(const BalanceMarkRow& mark) {
    return Query(context_.connection,
                 "INSERT INTO balance_mark (account, full, level) VALUES (?, ?, ?) ON CONFLICT "
                 "(account) DO UPDATE SET full = excluded.full, level = excluded.level")
        .bind(mark.account, mark.full, mark.level)
        .run();
}

}  // namespace obliv::storage::sqlite
