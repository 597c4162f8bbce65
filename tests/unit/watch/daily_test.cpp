#include "daemon/watch/daily.hpp"

#include "core/base/time_format.hpp"
#include "tests/support/fake_clock.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::watch;
using namespace std::chrono_literals;

TEST_CASE("a time of day has two digits, a colon and two digits", "[watch]") {
    CHECK(time_of_day("00:00") == 0min);
    CHECK(time_of_day("23:59") == 1439min);
    for (const char* bad : {"", "3:30", "24:00", "12:60", "12-30", "ab:cd", "-1:30", "12:3 "})
        CHECK_FALSE(time_of_day(bad));
}

TEST_CASE("months lie back over the ends of years", "[watch]") {
    auto at = [](const char* text) { return *parse_rfc3339(text); };
    CHECK(begin_of_month(at("2026-01-31T23:59:59Z"), 0) == at("2026-01-01T00:00:00Z"));
    CHECK(begin_of_month(at("2026-01-31T23:59:59Z"), 1) == at("2025-12-01T00:00:00Z"));
    CHECK(begin_of_month(at("2026-03-31T00:00:00Z"), 1) == at("2026-02-01T00:00:00Z"));
    CHECK(begin_of_month(at("2026-03-01T00:00:00Z"), 27) == at("2023-12-01T00:00:00Z"));
}

TEST_CASE("what is daily is due once a day", "[watch]") {
    test::FakeClock clock;  // midnight
    Daily daily;
    CHECK_FALSE(daily.due(clock.wall()));
    daily.set(210min, clock.wall());
    clock.advance(3h + 29min);
    CHECK_FALSE(daily.due(clock.wall()));
    clock.advance(1min);
    CHECK(daily.due(clock.wall()));
    CHECK_FALSE(daily.due(clock.wall()));
    // Setting it again, as each reload does, changes nothing.
    daily.set(210min, clock.wall());
    CHECK_FALSE(daily.due(clock.wall()));
    clock.advance(24h);
    CHECK(daily.due(clock.wall()));
    clock.advance(72h);
    CHECK(daily.due(clock.wall()));
    CHECK_FALSE(daily.due(clock.wall()));
    daily.set(std::nullopt, clock.wall());
    clock.advance(48h);
    CHECK_FALSE(daily.due(clock.wall()));
}
