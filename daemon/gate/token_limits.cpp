#include "daemon/gate/token_limits.hpp"

#include "core/base/check.hpp"

namespace obliv::gate {
namespace {

constexpr std::uint64_t minute_ms = 60'000;
constexpr unsigned count_bits = 24;
constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;

std::uint64_t milliseconds_of(SteadyTime now) noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
}

/// A count of zero is a window that never began: the clock may stand near zero.
bool is_over(std::uint64_t window, std::uint64_t now_ms) noexcept {
    return (window & count_mask) == 0 || now_ms >= (window >> count_bits) + minute_ms;
}

/// How long a window that has had its requests lets nobody in.
std::optional<std::chrono::milliseconds> left_of(std::uint64_t window, std::uint64_t now_ms,
                                                 int per_minute) noexcept {
    if (is_over(window, now_ms) || (window & count_mask) < static_cast<std::uint64_t>(per_minute))
        return std::nullopt;
    return std::chrono::milliseconds((window >> count_bits) + minute_ms - now_ms);
}

}  // namespace

std::optional<std::chrono::milliseconds> TokenLimits::refuse_request(SteadyTime now,
                                                                     int per_minute) noexcept {
    if (per_minute <= 0)
        return std::nullopt;
    auto now_ms = milliseconds_of(now);
    auto seen = window_.load(std::memory_order_relaxed);
    while (true) {
        if (auto wait = left_of(seen, now_ms, per_minute))
            return wait;
        auto next = is_over(seen, now_ms) ? (now_ms << count_bits | 1) : seen + 1;
        if (window_.compare_exchange_weak(seen, next, std::memory_order_relaxed))
            return std::nullopt;
    }
}

std::optional<std::chrono::milliseconds> TokenLimits::would_refuse(SteadyTime now,
                                                                   int per_minute) const noexcept {
    if (per_minute <= 0)
        return std::nullopt;
    return left_of(window_.load(std::memory_order_relaxed), milliseconds_of(now), per_minute);
}

bool TokenLimits::enter(int concurrent_max) noexcept {
    auto before = in_flight_.fetch_add(1, std::memory_order_relaxed);
    if (concurrent_max <= 0 || before < concurrent_max)
        return true;
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

void TokenLimits::leave() noexcept {
    check(in_flight_.fetch_sub(1, std::memory_order_relaxed) > 0, "who leaves has entered");
}

}  // namespace obliv::gate
