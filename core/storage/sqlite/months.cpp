#include "core/storage/sqlite/months.hpp"

#include "core/storage/sqlite/call_batch.hpp"
#include "core/storage/sqlite/stores.hpp"

#include <algorithm>
#include <chrono>

namespace obliv::storage::sqlite {
namespace {

namespace chrono = std::chrono;

// A group with fewer calls may be the only one of its kind.
constexpr std::size_t brief_rows_min = 8;
constexpr std::size_t kinds_max = 32;

std::string table_of(std::string_view name, std::int64_t month) {
    return std::string(name) + "_" + std::to_string(month);
}

std::string row_select(std::int64_t month) {
    return "SELECT " + call_columns + " FROM " + month_table(month);
}

std::string brief_select(std::int64_t month) {
    return "SELECT " + joined_columns + " FROM " + brief_table(month) + " b CROSS JOIN " +
           kind_table(month) + " k ON k.id = b.kind";
}

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
    return month == 0 ? "usage_row" : table_of("usage_row", month);
}

std::string brief_table(std::int64_t month) {
    return table_of("usage_brief", month);
}

std::string kind_table(std::int64_t month) {
    return table_of("usage_kind", month);
}

std::string month_source(std::int64_t month) {
    if (month == 0)
        return month_table(month);
    return "(" + row_select(month) + " UNION ALL " + brief_select(month) + ")";
}

Result<IdRange> ids_of_month(Connection& connection, std::int64_t month) {
    std::string sql = "SELECT min(first), max(last) FROM (SELECT min(id) AS first, max(id) AS last "
                      "FROM " +
                      month_table(month);
    if (month != 0)
        sql += " UNION ALL SELECT min(id), max(id) FROM " + brief_table(month);
    Query query(connection, sql + ")");
    auto row = query.step();
    if (!row)
        return row.error();
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> last;
    query.read(first, last);
    return first && last ? IdRange{*first, *last} : IdRange{};
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
    for (const auto& month : *months) {
        if (month.gone)
            continue;
        sql += (sql.ends_with("AS ") ? "" : " UNION ALL ") + row_select(month.month);
        if (month.month != 0)
            sql += " UNION ALL " + brief_select(month.month);
    }
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
    auto made = ok();
    for (const char* table : {"usage_row", "usage_brief", "usage_kind"})
        if (made)
            made = make_like(table, month);
    if (made)
        made = Query(connection_, "INSERT INTO usage_month (month) VALUES (?) ON CONFLICT DO "
                                  "UPDATE SET gone = 0")
                   .bind(month)
                   .run();
    return made ? make_source(connection_) : made;
}

Result<void> MonthWriter::make_like(std::string_view table, std::int64_t month) {
    auto like = schema_text(connection_, table);
    if (!like)
        return like.error();
    auto begin = like->find('(');
    if (begin == std::string::npos)
        return fail(Code::corrupt, "the store has no table " + std::string(table));
    return connection_.run("CREATE TABLE " + table_of(table, month) + " " + like->substr(begin));
}

/// What is known until the transaction ends is known for good once it is committed.
Result<void> MonthWriter::prepare(std::int64_t month) {
    if (month == ready_)
        return ok();
    ready_ = 0;
    if (auto there = ensure(month); !there)
        return there;
    for (auto each : {Batch::any, Batch::plain, Batch::alike})
        statements_[static_cast<std::size_t>(each)] = insert_sql(month, each);
    brief_statement_ = "INSERT INTO " + brief_table(month) + " (" + brief_columns +
                       ", kind) SELECT " + brief_columns + ", ? FROM call_batch";
    follow_statement_ = "INSERT INTO " + brief_table(month) + " (" + brief_columns_without_id +
                        ", kind) SELECT " + brief_columns_without_id + ", ? FROM call_batch";
    kind_statement_ = "INSERT INTO " + kind_table(month) + " (" + kind_columns + ") SELECT " +
                      kind_columns + " FROM call_batch LIMIT 1";
    kinds_.clear();
    return ok();
}

/// The row that tells what the calls of the batch have in common.
Result<std::int64_t> MonthWriter::kind_of(const Call& front) {
    for (const auto& known : kinds_)
        if (are_alike(known.call, front))
            return known.id;
    if (auto done = Query(connection_, kind_statement_).run(); !done)
        return done.error();
    if (kinds_.size() >= kinds_max)
        kinds_.clear();
    auto& made = kinds_.emplace_back(Kind{front, connection_.last_id()});
    made.call.request_id = {};  // what is its own, and may be long
    made.call.record = {};
    return made.id;
}

Result<void> MonthWriter::insert_brief(std::int64_t month, std::span<const Call* const> rows) {
    auto kind = kind_of(*rows.front());
    if (!kind)
        return kind.error();
    auto follow = ids_follow(connection_, brief_table(month), rows);
    if (!follow)
        return follow.error();
    auto done =
        Query(connection_, *follow ? follow_statement_ : brief_statement_).bind(*kind).run();
    return done ? ends_with(connection_, *rows.back()) : done;
}

/// What the batch has of this month; `whole`: all of it.
Result<void> MonthWriter::insert_rows(std::int64_t month, Batch kind, const Call& front,
                                      bool whole) {
    const auto& statement = statements_[static_cast<std::size_t>(kind)];
    auto insert = [&](std::string_view sql) {
        Query query(connection_, sql);
        if (kind == Batch::alike)
            bind_common(query, front);
        if (!whole)
            query.bind(begin_of_month(month), end_of_month(month));
        return query.run();
    };
    return whole ? insert(statement) : insert(statement + " WHERE time >= ? AND time < ?");
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
    bool whole = months.size() == 1;
    bool brief = whole && kind == Batch::alike && rows.size() >= brief_rows_min;
    for (auto month : months) {
        auto done = prepare(month);
        if (done)
            done =
                brief ? insert_brief(month, rows) : insert_rows(month, kind, *rows.front(), whole);
        if (!done)
            return done;
        ready_ = month;
    }
    return ok();
}

}  // namespace obliv::storage::sqlite
