#pragma once

#include "core/base/result.hpp"
#include "core/storage/usage.hpp"

#include <memory>
#include <span>
#include <string>

struct sqlite3;

namespace obliv::storage::sqlite {

class Connection;
class Query;

/// What all calls of a batch have in common. Each value that is asked for of each call costs it
/// some time; others stand in the statement, or are bound to it once.
enum class Batch : std::uint8_t {
    any,
    plain,  ///< what is rare is nothing
    alike,  ///< plain, and of the same caller, model and outcome
};

/// Columns of a usage row, in the order of read_call.
extern const std::string call_columns;
/// What they are of the calls of a batch, as SQL.
std::string call_values(Batch kind);
/// For Batch::alike: binds what the calls have in common to such a statement.
void bind_common(Query& query, const Call& call);

bool is_plain(const Call& call) noexcept;
/// Both plain, what a batch of them has in common is what one of the other would have.
bool are_alike(const Call& one, const Call& other) noexcept;

/// Columns of a usage row that differ also where calls are alike, and the others: those of a brief
/// row and of its kind.
extern const std::string brief_columns;
extern const std::string kind_columns;
extern const std::string brief_columns_without_id;
/// call_columns of brief rows `b` and their kinds `k`.
extern const std::string joined_columns;

/// True: the ids of the calls, which are in order, are those that rows get which are appended to
/// `table` without one. SQLite then need not look whether each is there already. Not looked for
/// where there are few.
Result<bool> ids_follow(Connection& connection, const std::string& table,
                        std::span<const Call* const> calls);
/// corrupt: the last row that was appended has another id than the last of its calls.
Result<void> ends_with(Connection& connection, const Call& last);

/// Calls that are about to be stored, as the table `call_batch` of one connection: a batch is one
/// `INSERT ... SELECT`, which opens its tables once and binds nothing. That halves what a stored
/// call costs. Columns are those of a usage row, and `record`.
class CallBatch {
public:
    explicit CallBatch(sqlite3* connection);
    ~CallBatch();
    CallBatch(const CallBatch&) = delete;
    CallBatch& operator=(const CallBatch&) = delete;

    /// What the table shows from now on, at least one. The calls have to live until the last
    /// statement over it.
    void show(std::span<const Call* const> calls) noexcept;
    Batch kind() const noexcept { return kind_; }
    const Call& front() const noexcept;

    struct Table;

private:
    std::unique_ptr<Table> table_;
    Batch kind_ = Batch::any;
};

}  // namespace obliv::storage::sqlite
