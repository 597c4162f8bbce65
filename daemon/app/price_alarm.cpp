#include "daemon/app/price_alarm.hpp"

#include "core/base/log.hpp"

namespace obliv::daemon {

PriceAlarm::PriceAlarm(loop::Loop& loop, loop::BlockingPool& workers,
                       std::function<Result<void>()> publish, std::chrono::milliseconds retry)
    : loop_(loop), workers_(workers), publish_(std::move(publish)), retry_(retry),
      timer_(loop.timers(), real_clock(), ring, this) {}

void PriceAlarm::set(std::optional<WallTime> next) {
    loop_.post([this, next] {
        if (next)
            timer_.arm(*next);
        else
            timer_.cancel();
    });
}

void PriceAlarm::ring(void* self) {
    auto& alarm = *static_cast<PriceAlarm*>(self);
    if (auto posted = alarm.workers_.post([&alarm] { alarm.publish(); }); !posted)
        alarm.try_again();
}

void PriceAlarm::publish() {
    auto published = publish_();
    if (published)
        return;
    log::write_limited(log::Level::err, "prices_not_published",
                       "a price that was set ahead is not in force yet",
                       {{"error", published.error().message}});
    try_again();
}

void PriceAlarm::try_again() {
    set(real_clock().wall() + retry_);
}

}  // namespace obliv::daemon
