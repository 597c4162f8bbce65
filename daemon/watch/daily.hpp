#pragma once

#include "core/base/clock.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace obliv::watch {

/// `03:30`; nothing: it is no time of day.
std::optional<std::chrono::minutes> time_of_day(std::string_view text) noexcept;

/// Of the month that lies so many before that of `now`, in UTC.
WallTime begin_of_month(WallTime now, int months_back) noexcept;

/// Something that is due once a day, at a time of day in UTC. What was missed is not made up for.
class Daily {
public:
    /// Not due again for a time of day that was set before already.
    void set(std::optional<std::chrono::minutes> at, WallTime now);
    bool due(WallTime now);

private:
    std::optional<std::chrono::minutes> at_;
    WallTime next_{};
};

}  // namespace obliv::watch
