#include "daemon/app/price_alarm.hpp"

#include <catch2/catch.hpp>

#include <atomic>

using namespace obliv;
using namespace obliv::daemon;
using namespace std::chrono_literals;

namespace {

/// One loop and one worker. `run` ends when the loop is stopped, or fails after a minute.
struct Fixture {
    loop::Loop loop{0};
    loop::BlockingPool workers{"worker", 1, 8};
    std::atomic<int> published{0};
    bool late = false;

    void run() {
        loop::Timer guard(
            loop.timers(),
            [](void* self) {
                static_cast<Fixture*>(self)->late = true;
                static_cast<Fixture*>(self)->loop.stop();
            },
            this);
        guard.arm(loop.now() + 60s);
        loop.run();
        workers.stop();
        CHECK_FALSE(late);
    }
};

}  // namespace

TEST_CASE("prices are published when the time of the next one has come", "[app]") {
    Fixture at;
    auto time = real_clock().wall() + 20ms;
    bool early = false;
    auto publish = [&] {
        early = real_clock().wall() < time;
        ++at.published;
        at.loop.stop();
        return ok();
    };
    PriceAlarm alarm(at.loop, at.workers, publish);
    // The last word counts.
    alarm.set(time + 24h);
    alarm.set(std::nullopt);
    alarm.set(time);
    at.run();
    CHECK(at.published == 1);
    CHECK_FALSE(early);
}

TEST_CASE("prices that could not be published are published later", "[app]") {
    Fixture at;
    auto publish = [&]() -> Result<void> {
        if (++at.published < 3)
            return fail(Code::unavailable, "the store is busy");
        at.loop.stop();
        return ok();
    };
    PriceAlarm alarm(at.loop, at.workers, publish, 1ms);
    alarm.set(real_clock().wall());
    at.run();
    CHECK(at.published == 3);
}
