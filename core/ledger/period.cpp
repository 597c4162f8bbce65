#include "core/ledger/period.hpp"

namespace obliv::ledger {

using std::chrono::year_month_day;

Period period_of(PeriodKind kind, const TimeZone& zone, WallTime now) {
    auto today = zone.day_of(now);
    if (kind == PeriodKind::day) {
        year_month_day tomorrow = std::chrono::sys_days(today) + std::chrono::days(1);
        return {zone.start_of(today), zone.start_of(tomorrow)};
    }
    auto month = today.year() / today.month();
    auto next = month + std::chrono::months(1);
    return {zone.start_of(month / 1), zone.start_of(next / 1)};
}

std::string_view name_of(PeriodKind kind) noexcept {
    return kind == PeriodKind::day ? "day" : "month";
}

}  // namespace obliv::ledger
