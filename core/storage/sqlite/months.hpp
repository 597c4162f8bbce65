#pragma once

#include "core/storage/sqlite/call_batch.hpp"
#include "core/storage/sqlite/query.hpp"
#include "core/storage/usage.hpp"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace obliv::storage::sqlite {

/// Usage rows lie in one table for each month (UTC) in which calls arrived; month 0 is the table
/// of the rows from before there were months, and what the others are made like. A migration that
/// changes usage_row changes the others too (`-- each`, see Migration). Groups of calls that are
/// alike lie beside them as brief rows, which name what they have in common; a column that comes
/// to usage_row comes to usage_kind or to usage_brief, and to their tables of each month.

/// 202601, of the time of a call.
std::int64_t month_of(WallTime time) noexcept;
/// When the month after it begins. Not for month 0.
WallTime end_of_month(std::int64_t month) noexcept;
std::string month_table(std::int64_t month);
/// Of months other than 0.
std::string brief_table(std::int64_t month);
std::string kind_table(std::int64_t month);
/// The rows of one month, brief ones among them, to be selected from.
std::string month_source(std::int64_t month);

/// Between which ids the rows of a month lie; last < first: there are none.
struct IdRange {
    std::int64_t first = 1;
    std::int64_t last = 0;
};
Result<IdRange> ids_of_month(Connection& connection, std::int64_t month);

/// What reads the rows of all months.
inline const std::string usage_source = "usage_all";

struct MonthRow {
    std::int64_t month = 0;
    ChargeId retired_to;  ///< rows up to this id were removed by retention
    std::int64_t rows = 0;
    Money cost;
    Money loss;
    bool gone = false;  ///< the table too
};

/// Every month that there ever was, the oldest first.
Result<std::vector<MonthRow>> all_months(Connection& connection);
/// Makes usage_all read the tables that there are, if it does not.
Result<void> make_source(Connection& connection);

/// Puts usage rows into the tables of their months, which it makes. For the connection that writes.
class MonthWriter {
public:
    explicit MonthWriter(Connection& connection) : connection_(connection) {}
    /// The rows that call_batch shows, of that kind.
    Result<void> insert(std::span<const Call* const> rows, Batch kind);
    /// A transaction was rolled back: the table that it had made is not there.
    void forget() noexcept { ready_ = 0; }

private:
    /// What calls that are alike have in common, and the row that tells it.
    struct Kind {
        Call call;
        std::int64_t id;
    };
    Result<void> prepare(std::int64_t month);
    Result<void> insert_rows(std::int64_t month, Batch kind, const Call& front, bool whole);
    Result<void> insert_brief(std::int64_t month, std::span<const Call* const> rows);
    Result<std::int64_t> kind_of(const Call& front);
    Result<bool> exists(std::int64_t month);
    Result<void> ensure(std::int64_t month);
    Result<void> make_like(std::string_view table, std::int64_t month);

    Connection& connection_;
    std::int64_t ready_ = 0;                 // the last month that was written; its table is there
    std::array<std::string, 3> statements_;  // for all rows of a batch, into that month, by kind
    std::string brief_statement_;
    std::string follow_statement_;  // for brief rows whose ids follow
    std::string kind_statement_;
    std::vector<Kind> kinds_;  // of that month, the last ones that were used
};

}  // namespace obliv::storage::sqlite
