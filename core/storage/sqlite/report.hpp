#pragma once

#include "core/storage/sqlite/rollup.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace obliv::storage::sqlite {

/// Where the sums of some span of time are read: whole days and hours that are summed up already,
/// and rows for the rest. Everything is counted in exactly one part.
struct Part {
    enum class Source : std::uint8_t { days, hours, rows };
    Source source = Source::rows;
    std::int64_t from = 0;  ///< the first day or hour
    std::int64_t to = 0;    ///< behind the last
    // Of rows, by id and time:
    std::int64_t above = 0;
    std::int64_t up_to = std::numeric_limits<std::int64_t>::max();
    std::optional<WallTime> since{};
    std::optional<WallTime> until{};
};

/// `days`: whether whole days may be read from the sums by day.
Result<std::vector<Part>> parts_of(Connection& connection, const UsageFilter& filter, bool days);

/// Gives each row of a part: a sum, or a call with requests 1. The hour of a sum by day is the
/// day's first.
using Take = std::function<void(const Sums::Row& row)>;
Result<void> read_part(Connection& connection, const Part& part, const UsageFilter& filter,
                       const Take& take);

}  // namespace obliv::storage::sqlite
