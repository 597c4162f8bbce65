#pragma once

#include "core/storage/sqlite/months.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace obliv::storage::sqlite {

/// The figures of every usage row in the order of ids, out of the tables of all months, one row at
/// a time.
class UsageRows {
public:
    /// What verify looks at.
    static constexpr std::string_view columns =
        "id, account, token, price, held, cost, loss, source, input, cache_read, cache_write_5m, "
        "cache_write_1h, audio_in, image_in, output, reasoning, audio_out, images, seconds, "
        "characters, searches, share";

    Result<void> open(Connection& connection, const std::vector<MonthRow>& months);
    /// The next row; null behind the last. Valid until the next call.
    Result<const Call*> next();

private:
    struct Table {
        std::unique_ptr<Query> query;
        Call head;
        bool there = false;
    };
    static Result<void> advance(Table& table);

    std::vector<Table> tables_;
    Table* given_ = nullptr;
};

}  // namespace obliv::storage::sqlite
