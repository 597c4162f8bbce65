#pragma once

#include "core/base/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace obliv::gate {

/// What one token has used of its limits right now. Shared by all loops, so lock-free; it outlives
/// the tables that point to it, so that a change of settings forgets nothing.
class TokenLimits {
public:
    /// Counts one request against `per_minute` (0: no limit). Windows of sixty seconds begin with a
    /// token's first request: at most `per_minute` are let in in each. Refused: how long to wait.
    std::optional<std::chrono::milliseconds> refuse_request(SteadyTime now,
                                                            int per_minute) noexcept;

    /// What refuse_request() would answer; counts nothing.
    std::optional<std::chrono::milliseconds> would_refuse(SteadyTime now,
                                                          int per_minute) const noexcept;

    /// Takes one of `concurrent_max` places (0: no limit). True must be followed by one leave().
    bool enter(int concurrent_max) noexcept;
    void leave() noexcept;
    int in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }

private:
    /// Start of the window in milliseconds (upper 40 bits) and requests in it (lower 24): one word,
    /// so that both change together.
    std::atomic<std::uint64_t> window_{0};
    std::atomic<int> in_flight_{0};
};

}  // namespace obliv::gate
