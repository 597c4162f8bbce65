#pragma once

#include "daemon/live/tally.hpp"

#include <cstdint>
#include <vector>

namespace obliv::live {

/// How far back is looked. A day is told in whole half hours: the one that runs and 47 before it.
enum class Window : std::uint8_t { second, five_minutes, hour, day };
inline constexpr std::size_t windows = 4;

/// The calls of one key over the last day. A call is counted in the second in which it was stored;
/// a second that has passed goes into coarser slots. Times are seconds since 1970.
class Series {
public:
    /// An Ended, or the Tally of several.
    template <typename Counted>
    void add(std::int64_t now, const Counted& counted) {
        if (now != current_.index)
            roll(now);
        current_.tally.add(counted);
    }
    /// Calls of half an hour in the past, known from the store.
    void add_past(std::int64_t second, const Tally& calls);
    /// Takes over what another series has counted, as of `now`.
    void merge(std::int64_t now, Series& other);

    /// The last whole second, or the span up to now.
    Tally sum(Window window, std::int64_t now) const;
    Tally since(std::int64_t second, std::int64_t now) const;  ///< in whole half hours
    /// Calls by minute, the oldest first; the last one is the minute that runs.
    std::vector<Tally> minutes(std::int64_t now) const;
    std::int64_t last_use() const noexcept { return current_.index; }

private:
    struct Slot {
        std::int64_t index = -1;  ///< seconds since 1970 by the length of the slot
        Tally tally;
    };
    /// Slots of one length: the last `count` that were used.
    class Ring {
    public:
        Ring(std::int64_t seconds, std::size_t count) : seconds_(seconds), count_(count) {}
        void add(std::int64_t second, const Tally& calls);
        void merge(const Ring& other);
        /// Of the slots from that of `first` to that of `last`.
        void sum(std::int64_t first, std::int64_t last, Tally& into) const;
        const Slot* find(std::int64_t index) const noexcept;
        std::int64_t span() const noexcept {
            return seconds_ * static_cast<std::int64_t>(count_ - 1);
        }

    private:
        std::int64_t seconds_;
        std::size_t count_;
        std::vector<Slot> slots_;  // as many as count_, once there is anything
    };
    void roll(std::int64_t second);

    Slot current_;   // the second that runs
    Slot previous_;  // the last one before it in which there were calls
    Ring tens_{10, 30};
    Ring minutes_{60, 60};
    Ring half_hours_{1800, 48};
};

}  // namespace obliv::live
