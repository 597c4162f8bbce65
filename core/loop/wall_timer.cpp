#include "core/loop/wall_timer.hpp"

#include <algorithm>

namespace obliv::loop {
namespace {

// Nobody tells us that the clock was set: this is how late we may find out.
constexpr std::chrono::nanoseconds look_interval = std::chrono::seconds(30);

}  // namespace

void WallTimer::arm(WallTime at) {
    at_ = at;
    wait();
}

void WallTimer::cancel() noexcept {
    at_.reset();
    timer_.cancel();
}

void WallTimer::wait() {
    // Compared, not subtracted: the distance to the ends of time does not fit.
    auto now = clock_.wall();
    auto soon = now + look_interval;
    auto span = std::clamp(*at_, now, soon) - now;
    timer_.arm(clock_.steady() + span);
}

void WallTimer::look(void* self) {
    auto& timer = *static_cast<WallTimer*>(self);
    if (timer.clock_.wall() < *timer.at_)
        return timer.wait();
    timer.at_.reset();
    timer.fire_(timer.owner_);
}

}  // namespace obliv::loop
