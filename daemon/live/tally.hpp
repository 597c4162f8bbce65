#pragma once

#include "core/base/money.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace obliv::live {

/// One call that has ended, as far as it is counted.
struct Ended {
    bool error = false;  ///< as UsageGroup::errors
    std::int64_t input = 0;
    std::int64_t output = 0;
    Money cost;
    std::chrono::microseconds duration{0};
};

/// What some calls add up to.
struct Tally {
    /// Durations by steps of a half or a third, so that a quantile is told within that; the last
    /// one has all that took longer than three minutes.
    static constexpr std::size_t steps = 42;

    std::int64_t requests = 0;
    std::int64_t errors = 0;
    std::int64_t input = 0;
    std::int64_t output = 0;
    Money cost;
    std::array<std::uint32_t, steps> durations{};

    void add(const Ended& call) noexcept;
    void add(const Tally& other) noexcept;
    /// The duration that `share` (0 to 1) of the calls took at most; nothing: there were none.
    std::optional<std::chrono::microseconds> quantile(double share) const noexcept;
};

}  // namespace obliv::live
