#pragma once

#include "core/storage/usage.hpp"

#include <memory>
#include <span>

struct sqlite3;

namespace obliv::storage::sqlite {

/// Calls that are about to be stored, as the table `call_batch` of one connection: a batch is one
/// `INSERT ... SELECT`, which opens its tables once and binds nothing. That halves what a stored
/// call costs. Columns are those of a usage row, and `record`.
class CallBatch {
public:
    explicit CallBatch(sqlite3* connection);
    ~CallBatch();
    CallBatch(const CallBatch&) = delete;
    CallBatch& operator=(const CallBatch&) = delete;

    /// What the table shows from now on. The calls have to live until the last statement over it.
    void show(std::span<const Call* const> calls) noexcept;

    struct Table;

private:
    std::unique_ptr<Table> table_;
};

}  // namespace obliv::storage::sqlite
