#include "core/loop/wall_timer.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::loop;
using namespace std::chrono_literals;

namespace {

/// A clock whose wall time can be set, as an administrator does.
class SettableClock final : public Clock {
public:
    WallTime wall() const noexcept override { return wall_; }
    SteadyTime steady() const noexcept override { return steady_; }

    WallTime wall_ = from_unix_nanos(1'767'225'600'000'000'000);
    SteadyTime steady_{1h};
};

struct Fixture {
    SettableClock clock;
    TimerWheel wheel{clock.steady(), [] {}};
    int fired = 0;
    WallTimer timer{wheel, clock, [](void* count) { ++*static_cast<int*>(count); }, &fired};

    /// Time goes on by small steps, as it does for a loop.
    void pass(std::chrono::milliseconds span) {
        for (auto left = span; left > 0ms; left -= 10ms) {
            clock.wall_ += 10ms;
            clock.steady_ += 10ms;
            wheel.advance(clock.steady_);
        }
    }
};

}  // namespace

TEST_CASE("a wall timer goes off once, when the clock shows its time", "[loop]") {
    Fixture at;
    at.timer.arm(at.clock.wall_ + 95s);
    CHECK(at.timer.armed());
    at.pass(94'990ms);
    CHECK(at.fired == 0);
    at.pass(200ms);
    CHECK(at.fired == 1);
    CHECK_FALSE(at.timer.armed());
    at.pass(100s);
    CHECK(at.fired == 1);
}

TEST_CASE("a wall timer follows the clock when it is set", "[loop]") {
    Fixture at;
    at.timer.arm(at.clock.wall_ + 24h);
    at.pass(10s);
    SECTION("forward") {
        at.clock.wall_ += 24h;
        at.pass(31s);
        CHECK(at.fired == 1);
    }
    SECTION("back") {
        at.timer.arm(at.clock.wall_ + 5s);
        at.clock.wall_ -= 1h;
        at.pass(20s);
        CHECK(at.fired == 0);
        at.clock.wall_ += 1h;
        at.pass(31s);
        CHECK(at.fired == 1);
    }
}

TEST_CASE("a wall timer can be cancelled, moved and armed for what has passed", "[loop]") {
    Fixture at;
    at.timer.arm(at.clock.wall_ + 1s);
    at.timer.cancel();
    at.pass(2s);
    CHECK(at.fired == 0);
    at.timer.arm(at.clock.wall_ + 1s);
    at.timer.arm(WallTime::max());
    at.pass(2s);
    CHECK(at.fired == 0);
    at.timer.arm(WallTime::min());
    at.pass(200ms);
    CHECK(at.fired == 1);
}
