#include "daemon/watch/daily.hpp"

#include "core/base/text.hpp"

namespace obliv::watch {
namespace {

WallTime next_after(WallTime now, std::chrono::minutes at) {
    WallTime today = std::chrono::floor<std::chrono::days>(now);
    auto next = today + at;
    return next > now ? next : next + std::chrono::days(1);
}

}  // namespace

std::optional<std::chrono::minutes> time_of_day(std::string_view text) noexcept {
    if (text.size() != 5 || text[2] != ':')
        return std::nullopt;
    auto hours = parse_int(text.substr(0, 2));
    auto minutes = parse_int(text.substr(3));
    if (!hours || !minutes || *hours < 0 || *hours > 23 || *minutes < 0 || *minutes > 59)
        return std::nullopt;
    return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

WallTime begin_of_month(WallTime now, int months_back) noexcept {
    std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(now));
    auto month = date.year() / date.month() - std::chrono::months(months_back);
    return std::chrono::sys_days(month / 1);
}

void Daily::set(std::optional<std::chrono::minutes> at, WallTime now) {
    if (at == at_)
        return;
    at_ = at;
    if (at)
        next_ = next_after(now, *at);
}

bool Daily::due(WallTime now) {
    if (!at_ || now < next_)
        return false;
    next_ = next_after(now, *at_);
    return true;
}

}  // namespace obliv::watch
