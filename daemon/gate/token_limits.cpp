#include "daemon/gate/token_limits.hpp"

#include "core/base/check.hpp"

namespace obliv::gate {
namespace {

constexpr std::uint64_t minute_ms = 60'000;
constexpr unsigned count_bits = 24;
constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;

}  // namespace

std::optional<std::chrono::milliseconds> TokenLimits::refuse_request(SteadyTime now,
                                                                     int per_minute) noexcept {
    if (per_minute <= 0)
        return std::nullopt;
    auto now_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
    auto seen = window_.load(std::memory_order_relaxed);
    while (true) {
        auto start = seen >> count_bits;
        auto count = seen & count_mask;
        // A count of zero is a window that never began: the clock may stand near zero.
        bool fresh = count == 0 || now_ms >= start + minute_ms;
        if (!fresh && count >= static_cast<std::uint64_t>(per_minute))
            return std::chrono::milliseconds(start + minute_ms - now_ms);
        auto next = fresh ? (now_ms << count_bits | 1) : seen + 1;
        if (window_.compare_exchange_weak(seen, next, std::memory_order_relaxed))
            return std::nullopt;
    }
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
