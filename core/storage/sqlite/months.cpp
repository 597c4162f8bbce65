#include "core/storage/sqlite/months.hpp"

#include "core/storage/sqlite/call_batch.hpp"
#include "core/storage/sqlite/stores.hpp"

#include <algorithm>
#include <chrono>

namespace obliv::storage::sqlite {
namespace {

namespace chrono = std::chrono;

WallTime begin_of_month(std::int64_t month) noexcept {
    auto date = chrono::year(static_cast<int>(month / 100)) /
                chrono::month(static_cast<unsigned>(month % 100)) / 1;
    return chrono::sys_days(date);
}

std::string insert_sql(std::int64_t month, Batch kind) {
    return "INSERT INTO " + month_table(month) + " (" + call_columns + ") SELECT " +
           call_values(kind) + " FROM call_batch";
}

Result<std::string> schema_text(Connection& connection, std::string_view name) {
    Query query(connection, "SELECT sql FROM sqlite_schema WHERE name = ?");
    query.bind(name);
    auto row = query.step();
    if (!row)
        return row.error();
    std::string sql;
    if (*row)
        query.read(sql);
    return sql;
}

}  // namespace

std::int64_t month_of(WallTime time) noexcept {
    chrono::year_month_day date(chrono::floor<chrono::days>(time));
    auto month = static_cast<int>(static_cast<unsigned>(date.month()));
    return static_cast<int>(date.year()) * 100 + month;
}

WallTime end_of_month(std::int64_t month) noexcept {
    return begin_of_month(month % 100 == 12 ? month + 89 : month + 1);
}

std::string month_table(std::int64_t month) {
    return month == 0 ? "usage_row" : "usage_row_" + std::to_string(month);
}

Result<std::vector<MonthRow>> all_months(Connection& connection) {
    Query query(connection, "SELECT month, retired_to, rows, cost, loss, gone FROM usage_month "
                            "ORDER BY month");
    return read_all<MonthRow>(query, [](Query& from, MonthRow& row) {
        from.read(row.month, row.retired_to, row.rows, row.cost, row.loss, row.gone);
    });
}

Result<void> make_source(Connection& connection) {
    auto months = all_months(connection);
    if (!months)
        return months.error();
    auto sql = "CREATE VIEW " + usage_source + " AS ";
    for (const auto& month : *months)
        if (!month.gone)
            sql += (sql.ends_with("AS ") ? "SELECT " : " UNION ALL SELECT ") + call_columns +
                   " FROM " + month_table(month.month);
    auto now = schema_text(connection, usage_source);
    if (!now)
        return now.error();
    if (*now == sql)
        return ok();
    return connection.run("DROP VIEW IF EXISTS " + usage_source + "; " + sql);
}

Result<bool> MonthWriter::exists(std::int64_t month) {
    Query known(connection_, "SELECT 1 FROM usage_month WHERE month = ? AND gone = 0");
    known.bind(month);
    return known.step();
}

Result<void> MonthWriter::ensure(std::int64_t month) {
    auto there = exists(month);
    if (!there)
        return there.error();
    if (*there)
        return ok();
    auto like = schema_text(connection_, month_table(0));
    if (!like)
        return like.error();
    auto begin = like->find('(');
    if (begin == std::string::npos)
        return fail(Code::corrupt, "the store has no table usage_row");
    auto made = connection_.run("CREATE TABLE " + month_table(month) + " " + like->substr(begin));
    if (made)
        made = Query(connection_, "INSERT INTO usage_month (month) VALUES (?) ON CONFLICT DO "
                                  "UPDATE SET gone = 0")
                   .bind(month)
                   .run();
    return made ? make_source(connection_) : made;
}

/// `whole`: all rows of the batch are of this month.
Result<void> MonthWriter::insert_month(std::int64_t month, Batch kind, const Call& front,
                                       bool whole) {
    if (month != ready_) {
        ready_ = 0;
        if (auto there = ensure(month); !there)
            return there;
        for (auto each : {Batch::any, Batch::plain, Batch::alike})
            statements_[static_cast<std::size_t>(each)] = insert_sql(month, each);
    }
    const auto& statement = statements_[static_cast<std::size_t>(kind)];
    auto insert = [&](std::string_view sql) {
        Query query(connection_, sql);
        if (kind == Batch::alike)
            bind_common(query, front);
        if (!whole)
            query.bind(begin_of_month(month), end_of_month(month));
        return query.run();
    };
    auto done = whole ? insert(statement) : insert(statement + " WHERE time >= ? AND time < ?");
    if (done)
        ready_ = month;
    return done;
}

Result<void> MonthWriter::insert(std::span<const Call* const> rows, Batch kind) {
    std::vector<std::int64_t> months;
    WallTime begin{};
    WallTime end{};
    for (const auto* row : rows) {
        if (row->time >= begin && row->time < end)
            continue;
        auto month = month_of(row->time);
        begin = begin_of_month(month);
        end = end_of_month(month);
        if (std::find(months.begin(), months.end(), month) == months.end())
            months.push_back(month);
    }
    for (auto month : months)
        if (auto done = insert_month(month, kind, *rows.front(), months.size() == 1); !done)
            return done;
    return ok();
}

}  // namespace obliv::storage::sqlite
