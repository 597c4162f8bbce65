#pragma once

#include "core/base/clock.hpp"
#include "core/base/time_zone.hpp"

#include <cstdint>
#include <string_view>

namespace obliv::ledger {

/// The numbers are stored.
enum class PeriodKind : std::uint8_t { day = 0, month = 1 };

/// A day or month by the clocks of a place: from `begin`, which belongs to it, to `end`, which does
/// not.
struct Period {
    WallTime begin{};
    WallTime end{};
};

/// The one that `now` lies in.
Period period_of(PeriodKind kind, const TimeZone& zone, WallTime now);

/// `day`, `month`.
std::string_view name_of(PeriodKind kind) noexcept;

}  // namespace obliv::ledger
