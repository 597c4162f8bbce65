#pragma once

#include "core/loop/timer_wheel.hpp"

#include <optional>

namespace obliv::loop {

/// A timer for a time of day instead of a time-out: it follows the clock when that is set. Belongs
/// to one loop; goes off at most once per arm(), never before the clock shows the time.
class WallTimer {
public:
    /// `fire(owner)` runs on the loop. It may arm the timer again.
    WallTimer(TimerWheel& wheel, const Clock& clock, Timer::Fire fire, void* owner) noexcept
        : clock_(clock), fire_(fire), owner_(owner), timer_(wheel, look, this) {}

    void arm(WallTime at);
    void cancel() noexcept;
    bool armed() const noexcept { return at_.has_value(); }

private:
    static void look(void* self);
    void wait();

    const Clock& clock_;
    Timer::Fire fire_;
    void* owner_;
    Timer timer_;
    std::optional<WallTime> at_;
};

}  // namespace obliv::loop
