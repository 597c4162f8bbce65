#pragma once

#include "core/base/clock.hpp"
#include "daemon/channels/cause.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace obliv::channels {

/// How a channel has been doing. Shared by all loops; it outlives the tables that point to it.
class Health {
public:
    struct Snapshot {
        std::int64_t in_flight = 0;
        std::int64_t requests = 0;
        std::int64_t failures = 0;
        std::int64_t failures_in_a_row = 0;
        std::array<std::int64_t, causes> ended{};  ///< calls that ended, by Cause
        std::string last_error;
    };

    void begin() noexcept;
    void succeeded() noexcept;
    /// `why` is fit to be shown.
    void failed(Cause cause, std::string_view why);
    /// The client left: neither the channel's merit nor its fault.
    void abandoned() noexcept;

    /// Whether the last few calls all failed.
    bool failing() const noexcept;
    Snapshot snapshot() const;

private:
    void count(Cause cause) noexcept;

    std::atomic<std::int64_t> in_flight_{0};
    std::atomic<std::int64_t> requests_{0};
    std::atomic<std::int64_t> failures_{0};
    std::array<std::atomic<std::int64_t>, causes> ended_{};
    std::atomic<std::int64_t> failures_in_a_row_{0};
    mutable std::mutex mutex_;
    std::string last_error_;  ///< guarded by mutex_; written on failures only
};

}  // namespace obliv::channels
