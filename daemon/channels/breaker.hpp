#pragma once

#include "core/base/clock.hpp"
#include "daemon/channels/tally.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace obliv::channels {

/// Keeps calls away from what has failed. Opens after failures in a row, or when half of the calls
/// of a stretch failed; lets a probe through now and then once it has rested; after a good one the
/// share of calls grows from a tenth to all. Safe from any thread, without locks.
class Breaker {
public:
    struct Limits {
        int failures_in_a_row = 5;
        std::int64_t calls_min = 20;  ///< of a stretch, before its share of failures counts
        std::chrono::milliseconds rest_first{5'000};  ///< doubled each time it opens again
        std::chrono::milliseconds rest_last{60'000};
        std::chrono::milliseconds probe_pause{1'000};  ///< between two probes
        std::chrono::milliseconds ramp{60'000};        ///< from a tenth of the calls to all
    };
    enum class State : std::uint8_t { closed, recovering, half_open, open };
    /// What a call changed.
    enum class Change : std::uint8_t { none, opened, recovered };

    Breaker() noexcept = default;
    explicit Breaker(const Limits& limits) noexcept : limits_(limits) {}

    /// Whether a call may be made. In the half-open state a yes is the probe: make the call.
    bool admit(SteadyTime now) noexcept;
    /// The share of its usual calls that it should get, 0.1 to 1.
    double share(SteadyTime now) const noexcept;

    Change succeeded(SteadyTime now) noexcept;
    Change failed(SteadyTime now) noexcept;
    /// Closes it, and lets it recover.
    Change reset(SteadyTime now) noexcept;
    /// The same after an absence that it did not notice itself: it recovers even if it was closed.
    void begin_anew(SteadyTime now) noexcept;

    State state(SteadyTime now) const noexcept;
    /// When the next probe may be made; meaningful while it is open.
    SteadyTime rests_until() const noexcept;

private:
    bool should_open(SteadyTime now) noexcept;

    static constexpr std::chrono::nanoseconds stretch = std::chrono::seconds(10);

    Limits limits_{};
    std::atomic<std::int64_t> open_until_ns_{0};        ///< 0: not open
    std::atomic<std::int64_t> recovering_since_ns_{0};  ///< 0: not recovering
    std::atomic<std::int64_t> probed_ns_{0};
    std::atomic<int> in_a_row_{0};
    std::atomic<int> openings_{0};  ///< since it was last well
    Tally tally_{stretch};          ///< good calls, bad calls
};

std::string_view name_of(Breaker::State state) noexcept;

}  // namespace obliv::channels
