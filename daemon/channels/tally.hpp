#pragma once

#include "core/base/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace obliv::channels {

/// Two counters that begin anew with each stretch of time, in one atomic word: at most some hundred
/// nanoseconds of work, no lock. Threads that meet at the turn of a stretch may lose a count.
class Tally {
public:
    struct Counts {
        std::int64_t first = 0;
        std::int64_t second = 0;
    };

    explicit constexpr Tally(std::chrono::nanoseconds stretch) noexcept : stretch_(stretch) {}

    Counts add_first(SteadyTime now) noexcept { return add(now, 1); }
    Counts add_second(SteadyTime now) noexcept { return add(now, one_second); }
    Counts counts(SteadyTime now) const noexcept {
        auto word = word_.load(std::memory_order_relaxed);
        return (word >> epoch_shift) == epoch(now) ? unpack(word) : Counts{};
    }
    void clear() noexcept { word_.store(0, std::memory_order_relaxed); }

private:
    // 16 bits tell the stretches apart, 24 each count.
    static constexpr unsigned epoch_shift = 48;
    static constexpr std::uint64_t one_second = 1ULL << 24;
    static constexpr std::uint64_t count_mask = one_second - 1;

    std::uint64_t epoch(SteadyTime now) const noexcept {
        auto stretches = now.time_since_epoch().count() / stretch_.count();
        return static_cast<std::uint64_t>(stretches + 1) & 0xffffU;
    }
    static Counts unpack(std::uint64_t word) noexcept {
        return {static_cast<std::int64_t>(word & count_mask),
                static_cast<std::int64_t>((word >> 24) & count_mask)};
    }
    Counts add(SteadyTime now, std::uint64_t amount) noexcept {
        auto current = epoch(now);
        auto word = word_.load(std::memory_order_relaxed);
        if ((word >> epoch_shift) == current)
            return unpack(word_.fetch_add(amount, std::memory_order_relaxed) + amount);
        auto fresh = (current << epoch_shift) + amount;
        while (!word_.compare_exchange_weak(word, fresh, std::memory_order_relaxed))
            if ((word >> epoch_shift) == current)
                return unpack(word_.fetch_add(amount, std::memory_order_relaxed) + amount);
        return unpack(fresh);
    }

    std::chrono::nanoseconds stretch_;
    std::atomic<std::uint64_t> word_{0};
};

}  // namespace obliv::channels
