#include "core/loop/timer_wheel.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

using namespace obliv;
using namespace obliv::loop;
using namespace std::chrono_literals;

namespace {

struct Wheel {
    SteadyTime now{1000s};
    int firsts = 0;
    TimerWheel wheel{now, [this] { ++firsts; }};
    bool pass(std::chrono::milliseconds span) {
        now += span;
        return wheel.advance(now);
    }
};

void count(void* owner) {
    ++*static_cast<int*>(owner);
}

}  // namespace

TEST_CASE("a timer goes off once, never early and at most two ticks late", "[loop]") {
    Wheel at;
    int fired = 0;
    Timer timer(at.wheel, count, &fired);
    timer.arm(at.now + 120ms);
    CHECK(at.firsts == 1);
    at.pass(119ms);
    CHECK(fired == 0);
    CHECK(timer.armed());
    at.pass(100ms);
    CHECK(fired == 1);
    CHECK_FALSE(timer.armed());
    CHECK_FALSE(at.pass(60s));
    CHECK(fired == 1);
}

TEST_CASE("a wheel of finer ticks is finer in time", "[loop]") {
    SteadyTime now{1000s};
    TimerWheel wheel(
        now, [] {}, 1ms);
    int fired = 0;
    Timer timer(wheel, count, &fired);
    timer.arm(now + 7ms);
    wheel.advance(now + 6ms);
    CHECK(fired == 0);
    wheel.advance(now + 9ms);
    CHECK(fired == 1);
    // Longer than one round of this wheel, which is about half a second.
    timer.arm(now + 3s);
    for (auto at = now + 10ms; at < now + 3s; at += 100ms)
        wheel.advance(at);
    CHECK(fired == 1);
    wheel.advance(now + 3002ms);
    CHECK(fired == 2);
}

TEST_CASE("a timer can be moved both ways, cancelled and destroyed", "[loop]") {
    Wheel at;
    int fired = 0;
    Timer timer(at.wheel, count, &fired);
    timer.arm(at.now + 100ms);
    timer.arm(at.now + 10s);
    at.pass(5s);
    CHECK(fired == 0);
    timer.arm(at.now + 100ms);
    at.pass(200ms);
    CHECK(fired == 1);
    timer.arm(at.now + 100ms);
    timer.cancel();
    CHECK(at.wheel.size() == 0);
    at.pass(1s);
    {
        Timer brief(at.wheel, count, &fired);
        brief.arm(at.now + 100ms);
    }
    at.pass(1s);
    CHECK(fired == 1);
    CHECK(at.wheel.size() == 0);
}

TEST_CASE("times beyond a round and without end wait for their turn", "[loop]") {
    Wheel at;
    int far = 0;
    int never = 0;
    Timer one(at.wheel, count, &far);
    Timer two(at.wheel, count, &never);
    one.arm(at.now + 60s);
    two.arm(SteadyTime::max());
    for (int i = 0; i < 1199; ++i)
        at.pass(50ms);
    CHECK(far == 0);
    at.pass(150ms);
    CHECK(far == 1);
    at.pass(1h);
    CHECK(never == 0);
}

TEST_CASE("a timer may arm itself and destroy others while it fires", "[loop]") {
    struct Owner {
        Wheel at;
        std::unique_ptr<Timer> self;
        std::vector<std::unique_ptr<Timer>> others;
        int fired = 0;
        int other_fired = 0;
    } owner;
    owner.self = std::make_unique<Timer>(
        owner.at.wheel,
        [](void* it) {
            auto* all = static_cast<Owner*>(it);
            ++all->fired;
            all->others.clear();
            all->self->arm(all->at.now + 50ms);
        },
        &owner);
    for (int i = 0; i < 3; ++i)
        owner.others.push_back(std::make_unique<Timer>(owner.at.wheel, count, &owner.other_fired));
    for (auto& other : owner.others)
        other->arm(owner.at.now + 50ms);
    owner.self->arm(owner.at.now + 50ms);
    owner.at.pass(100ms);
    CHECK(owner.fired == 1);
    CHECK(owner.other_fired == 0);
    owner.at.pass(100ms);
    CHECK(owner.fired == 2);
}

TEST_CASE("random timers fire in their window", "[loop]") {
    std::uint64_t seed = 4711;
    INFO("seed " << seed);
    Random random(seed);
    struct One {
        Wheel* at;
        SteadyTime due;
        bool fired = false;
        bool wrong = false;
    };
    Wheel at;
    std::vector<std::unique_ptr<One>> ones;
    std::vector<std::unique_ptr<Timer>> timers;
    for (int i = 0; i < 500; ++i) {
        ones.push_back(std::make_unique<One>(One{&at, {}}));
        timers.push_back(std::make_unique<Timer>(
            at.wheel,
            [](void* it) {
                auto* one = static_cast<One*>(it);
                one->wrong = one->fired || one->at->now < one->due;
                one->fired = true;
            },
            ones.back().get()));
    }
    for (int step = 0; step < 3000; ++step) {
        auto pick = random.below(ones.size());
        if (!ones[pick]->fired) {
            ones[pick]->due = at.now + std::chrono::milliseconds(1 + random.below(60'000));
            timers[pick]->arm(ones[pick]->due);
        }
        at.pass(std::chrono::milliseconds(random.below(120)));
        for (std::size_t i = 0; i < ones.size(); ++i) {
            REQUIRE_FALSE(ones[i]->wrong);
            bool late = timers[i]->armed() && at.now > ones[i]->due + 2 * TimerWheel::tick;
            REQUIRE_FALSE(late);
        }
    }
}

TEST_CASE("cancelled timers stay silent, and keep no time when armed again", "[loop]") {
    std::uint64_t seed = 815;
    INFO("seed " << seed);
    Random random(seed);
    // Turned as a loop does it: not at all while nothing is armed.
    struct Driven {
        SteadyTime now{1000s};
        bool turning = false;
        TimerWheel wheel{now, [this] { turning = true; }};
    } at;
    struct One {
        Driven* at;
        SteadyTime due = SteadyTime::max();
        bool wrong = false;
    };
    std::vector<std::unique_ptr<One>> ones;
    std::vector<std::unique_ptr<Timer>> timers;
    for (int i = 0; i < 8; ++i) {
        ones.push_back(std::make_unique<One>(One{&at}));
        timers.push_back(std::make_unique<Timer>(
            at.wheel,
            [](void* it) {
                auto* one = static_cast<One*>(it);
                one->wrong = one->at->now < one->due;
                one->due = SteadyTime::max();
            },
            ones.back().get()));
    }
    for (int step = 0; step < 20'000; ++step) {
        auto pick = random.below(ones.size());
        if (random.below(3) == 0) {
            ones[pick]->due = at.now + std::chrono::milliseconds(1 + random.below(40'000));
            timers[pick]->arm(ones[pick]->due);
        } else {
            timers[pick]->cancel();
            ones[pick]->due = SteadyTime::max();
        }
        auto pause = random.below(50) == 0 ? random.below(90'000) : random.below(120);
        for (auto end = at.now + std::chrono::milliseconds(pause); at.now < end;) {
            at.now += TimerWheel::tick;
            if (at.turning)
                at.turning = at.wheel.advance(at.now);
        }
        std::size_t armed = 0;
        for (std::size_t i = 0; i < ones.size(); ++i) {
            REQUIRE_FALSE(ones[i]->wrong);
            bool waits = ones[i]->due != SteadyTime::max();
            REQUIRE(timers[i]->armed() == waits);
            bool late = waits && at.now > ones[i]->due + 2 * TimerWheel::tick;
            REQUIRE_FALSE(late);
            armed += waits ? 1 : 0;
        }
        REQUIRE(at.wheel.size() == armed);
        bool turns = at.turning || armed == 0;
        REQUIRE(turns);
    }
}
