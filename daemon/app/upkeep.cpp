#include "daemon/app/upkeep.hpp"

#include "core/base/clock.hpp"
#include "core/base/log.hpp"

namespace obliv::daemon {

Upkeep::Upkeep(loop::Loop& loop, loop::BlockingPool& workers, std::string what,
               std::function<Result<void>()> step, std::chrono::milliseconds interval)
    : loop_(loop), workers_(workers), what_(std::move(what)), step_(std::move(step)),
      interval_(interval), timer_(loop.timers(), ring, this) {}

void Upkeep::start() {
    loop_.post([this] { timer_.arm(real_clock().steady() + interval_); });
}

void Upkeep::ring(void* self) {
    auto& upkeep = *static_cast<Upkeep*>(self);
    if (auto posted = upkeep.workers_.post([&upkeep] { upkeep.run(); }); !posted)
        upkeep.start();
}

void Upkeep::run() {
    if (auto done = step_(); !done)
        log::write_limited(log::Level::err, "upkeep", what_, {{"error", done.error().message}});
    start();
}

}  // namespace obliv::daemon
