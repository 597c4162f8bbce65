#pragma once

#include "core/base/clock.hpp"
#include "daemon/channels/breaker.hpp"
#include "daemon/channels/cause.hpp"
#include "daemon/channels/events.hpp"
#include "daemon/channels/quantile.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::channels {

/// How a channel has been doing. Shared by all loops; it outlives the tables that point to it. What
/// a call that goes well touches are atomic numbers, never the mutex.
class Health {
public:
    struct Model {
        std::string name;  ///< upstream
        Breaker::State state;
    };
    struct Snapshot {
        std::int64_t in_flight = 0;
        std::int64_t requests = 0;
        std::int64_t failures = 0;
        std::int64_t failures_in_a_row = 0;
        std::array<std::int64_t, causes> ended{};  ///< calls that ended, by Cause
        std::chrono::microseconds ttft{0};  ///< moving mean to the first content; 0: none yet
        std::int64_t requests_this_minute = 0;
        Breaker::State breaker{};
        std::vector<Model> models;  ///< those whose breaker is not closed
        bool down = false;          ///< the health checks found it dead
        std::string last_error;
    };

    Health() = default;
    /// `sink` outlives it; null: nobody wants to hear.
    Health(ChannelId id, EventSink* sink) : id_(id), sink_(sink) {}

    void rename(std::string_view name);
    /// The breaker of one upstream model; lives as long as the Health.
    Breaker& breaker(std::string_view upstream_model);
    Breaker& breaker() noexcept { return breaker_; }

    void begin(SteadyTime now) noexcept;
    void first_content(std::chrono::microseconds after) noexcept;
    /// `model` is the breaker of the model that was called, if one is kept for it.
    void succeeded(Breaker* model, SteadyTime now) noexcept;
    /// `why` is fit to be shown.
    void failed(Cause cause, std::string_view why, Breaker* model, SteadyTime now);
    /// The client left: neither the channel's merit nor its fault.
    void abandoned() noexcept;

    /// Whether this channel may be called once more for one request: repeats are a tenth of its
    /// calls at most, of late, and three a second always may be. A yes is counted.
    bool may_repeat(SteadyTime now) noexcept;

    /// Found dead by the health checks, or well again. True: that is new.
    bool set_down(bool down, std::string_view why, SteadyTime now);
    bool down() const noexcept { return down_.load(std::memory_order_relaxed); }
    /// When a call last went well; the epoch: never.
    SteadyTime last_good() const noexcept;
    void tell(EventKind kind, std::string_view model, std::string_view detail);

    /// What 95 of 100 calls of late were faster than, to their first content; nothing: too few.
    std::optional<std::chrono::microseconds> slow_first_content() const noexcept {
        return ttft_of_late_.of(0.95);
    }

    std::int64_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }
    /// Whether its last reply that ended whole came without figures of what it consumed.
    bool tells_no_figures() const noexcept { return silent_.load(std::memory_order_relaxed); }
    void note_figures(bool told) noexcept {
        if (tells_no_figures() == told)
            silent_.store(!told, std::memory_order_relaxed);
    }

    std::int64_t ttft_us() const noexcept { return ttft_us_.load(std::memory_order_relaxed); }
    std::int64_t requests_this_minute(SteadyTime now) const noexcept {
        return minute_.counts(now).first;
    }
    /// Whether the last few calls all failed.
    bool failing() const noexcept;
    Snapshot snapshot(SteadyTime now) const;

private:
    void count(Cause cause) noexcept;
    std::string name_of_model(const Breaker* model) const;

    std::atomic<std::int64_t> in_flight_{0};
    std::atomic<std::int64_t> requests_{0};
    std::atomic<std::int64_t> failures_{0};
    std::array<std::atomic<std::int64_t>, causes> ended_{};
    std::atomic<std::int64_t> failures_in_a_row_{0};
    std::atomic<std::int64_t> ttft_us_{0};
    std::atomic<std::int64_t> last_good_ns_{0};
    std::atomic<bool> down_{false};
    std::atomic<bool> silent_{false};
    Breaker breaker_;
    Quantile ttft_of_late_;
    Tally minute_{std::chrono::minutes(1)};       ///< calls
    Tally recent_{std::chrono::seconds(10)};      ///< calls, repeats that used up the tenth
    Tally this_second_{std::chrono::seconds(1)};  ///< repeats

    ChannelId id_;
    EventSink* sink_ = nullptr;
    mutable std::mutex mutex_;
    // Guarded by mutex_; written on failures and changes only.
    std::string name_;
    std::string last_error_;
    std::map<std::string, std::unique_ptr<Breaker>, std::less<>> models_;
};

}  // namespace obliv::channels
