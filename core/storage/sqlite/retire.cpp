#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

/// What a step takes away.
struct Slice {
    ChargeId first;
    ChargeId last;
    std::int64_t rows = 0;
    Money cost;
    Money loss;
};

/// Those with a row for each call.
std::vector<std::string> row_tables(std::int64_t month) {
    if (month == 0)
        return {month_table(month)};
    return {month_table(month), brief_table(month)};
}

/// The oldest rows of a month that are in every sum already.
Result<Slice> oldest(Connection& connection, std::int64_t month, WallTime before,
                     std::int64_t rows_max) {
    // Rows from before there were months end where the first one lies that is too young.
    auto young = month == 0 ? " AND id < coalesce((SELECT min(id) FROM " + month_table(month) +
                                  " WHERE time >= ?), 9223372036854775807)"
                            : std::string();
    Query query(connection,
                "SELECT coalesce(min(id), 0), coalesce(max(id), 0), count(*), coalesce(sum(cost), "
                "0), coalesce(sum(loss), 0) FROM (SELECT id, cost, loss FROM " +
                    month_source(month) + " WHERE id <= (SELECT min(watermark, rolled) FROM fold)" +
                    young + " ORDER BY id LIMIT ?)");
    if (month == 0)
        query.bind(before);
    query.bind(rows_max);
    return read_one<Slice>(query, "slice", [](Query& from, Slice& row) {
        from.read(row.first, row.last, row.rows, row.cost, row.loss);
    });
}

Result<void> remove(Connection& connection, std::int64_t month, const Slice& slice) {
    auto done = ok();
    for (const auto& table : row_tables(month))
        if (done)
            done =
                Query(connection, "DELETE FROM " + table + " WHERE id <= ?").bind(slice.last).run();
    if (done)
        done =
            Query(connection, "DELETE FROM attempt_record WHERE id >= ? AND id <= ? AND NOT "
                              "EXISTS (SELECT 1 FROM usage_all u WHERE u.id = attempt_record.id)")
                .bind(slice.first, slice.last)
                .run();
    if (done)
        done = Query(connection, "UPDATE usage_month SET retired_to = ?, rows = rows + ?, cost = "
                                 "cost + ?, loss = loss + ? WHERE month = ?")
                   .bind(slice.last, slice.rows, slice.cost, slice.loss, month)
                   .run();
    return done;
}

Result<bool> is_empty(Connection& connection, std::int64_t month) {
    for (const auto& table : row_tables(month)) {
        Query query(connection, "SELECT 1 FROM " + table + " LIMIT 1");
        auto row = query.step();
        if (!row)
            return row.error();
        if (*row)
            return false;
    }
    return true;
}

/// An empty month goes with its tables; usage_row stays, which new ones are made like.
Result<void> drop(Connection& connection, std::int64_t month) {
    auto done =
        Query(connection, "UPDATE usage_month SET gone = 1 WHERE month = ?").bind(month).run();
    if (done)
        done = make_source(connection);
    for (const auto& table : {month_table(month), brief_table(month), kind_table(month)})
        if (done)
            done = connection.run("DROP TABLE " + table);
    return done;
}

}  // namespace

Result<RetireStep> SqliteUsage::retire(WallTime before, std::int64_t rows_max) {
    auto& connection = context_.connection;
    auto months = all_months(connection);
    if (!months)
        return months.error();
    for (const auto& month : *months) {
        if (month.gone || (month.month != 0 && end_of_month(month.month) > before))
            continue;
        auto slice = oldest(connection, month.month, before, rows_max);
        if (!slice)
            return slice.error();
        if (slice->rows > 0) {
            auto done = remove(connection, month.month, *slice);
            return done ? Result<RetireStep>(RetireStep{slice->rows, true}) : done.error();
        }
        auto empty = is_empty(connection, month.month);
        if (!empty)
            return empty.error();
        if (month.month != 0 && *empty)
            if (auto done = drop(connection, month.month); !done)
                return done.error();
    }
    return RetireStep{};
}

}  // namespace obliv::storage::sqlite
