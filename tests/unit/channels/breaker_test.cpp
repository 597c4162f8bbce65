#include "daemon/channels/breaker.hpp"

#include "daemon/channels/health.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::channels;
using namespace std::chrono_literals;

namespace {

using State = Breaker::State;
using Change = Breaker::Change;
constexpr SteadyTime start{1h};

/// Fails until it opens.
void open(Breaker& breaker, SteadyTime now) {
    int failures = 0;
    while (breaker.failed(now) != Change::opened)
        REQUIRE(++failures < 100);
}

}  // namespace

TEST_CASE("a breaker opens after failures in a row, and tells once", "[channels]") {
    Breaker breaker;
    for (int i = 0; i < 4; ++i) {
        CHECK(breaker.failed(start) == Change::none);
        CHECK(breaker.admit(start));
    }
    CHECK(breaker.failed(start) == Change::opened);
    CHECK(breaker.state(start) == State::open);
    CHECK(!breaker.admit(start + 4999ms));
    CHECK(breaker.failed(start) == Change::none);
}

TEST_CASE("a good call in between keeps a breaker closed", "[channels]") {
    Breaker breaker;
    for (int i = 0; i < 19; ++i) {
        CHECK(breaker.failed(start + i * 11s) == Change::none);
        CHECK(breaker.succeeded(start + i * 11s) == Change::none);
    }
    CHECK(breaker.state(start + 300s) == State::closed);
}

TEST_CASE("a breaker opens when half of many calls fail", "[channels]") {
    Breaker breaker;
    auto change = Change::none;
    int calls = 0;
    while (change == Change::none && calls < 100) {
        breaker.succeeded(start);
        change = breaker.failed(start);
        calls += 2;
    }
    CHECK(change == Change::opened);
    CHECK(calls == 20);
}

TEST_CASE("one failure in twenty never opens a breaker", "[channels]") {
    Breaker breaker;
    for (int i = 0; i < 10'000; ++i) {
        auto now = start + i * 10ms;
        CHECK((i % 20 == 0 ? breaker.failed(now) : breaker.succeeded(now)) == Change::none);
    }
}

TEST_CASE("a rested breaker lets one probe a second through", "[channels]") {
    Breaker breaker;
    open(breaker, start);
    auto later = start + 5s;
    CHECK(breaker.state(later) == State::half_open);
    CHECK(breaker.admit(later));
    CHECK(!breaker.admit(later));
    CHECK(!breaker.admit(later + 999ms));
    CHECK(breaker.admit(later + 1s));
}

TEST_CASE("a failed probe opens a breaker again, for longer, and tells nobody", "[channels]") {
    Breaker breaker;
    open(breaker, start);
    auto later = start + 5s;
    REQUIRE(breaker.admit(later));
    CHECK(breaker.failed(later) == Change::none);
    CHECK(breaker.state(later + 9s) == State::open);
    CHECK(breaker.state(later + 10s) == State::half_open);
    for (int i = 0; i < 20; ++i) {
        later = breaker.rests_until();
        REQUIRE(breaker.admit(later));
        breaker.failed(later);
    }
    CHECK(breaker.rests_until() == later + 60s);
}

TEST_CASE("a good probe closes a breaker, whose share grows from a tenth", "[channels]") {
    Breaker breaker;
    CHECK(breaker.share(start) == 1.0);
    open(breaker, start);
    // A call that began before it opened proves nothing.
    CHECK(breaker.succeeded(start + 1s) == Change::none);
    CHECK(breaker.state(start + 1s) == State::open);
    auto later = start + 6s;
    REQUIRE(breaker.admit(later));
    CHECK(breaker.succeeded(later) == Change::recovered);
    CHECK(breaker.state(later) == State::recovering);
    CHECK(breaker.share(later) == Approx(0.1));
    CHECK(breaker.share(later + 30s) == Approx(0.55));
    CHECK(breaker.share(later + 60s) == 1.0);
    CHECK(breaker.state(later + 60s) == State::closed);
    // Well again: the next rest is a short one.
    breaker.succeeded(later + 61s);
    open(breaker, later + 62s);
    CHECK(breaker.rests_until() == later + 67s);
}

TEST_CASE("a channel that was found dead while idle begins with a tenth of its share again",
          "[channels]") {
    Health health;
    REQUIRE(health.set_down(true, "no answer", start));
    CHECK(health.breaker().share(start) == 1.0);
    REQUIRE(health.set_down(false, "", start + 30min));
    CHECK(health.breaker().share(start + 30min) == Approx(0.1));
    CHECK(health.breaker().share(start + 31min) == 1.0);
    // A check that goes well while all is well takes nothing away.
    CHECK_FALSE(health.set_down(false, "", start + 40min));
    CHECK(health.breaker().share(start + 40min) == 1.0);
}
