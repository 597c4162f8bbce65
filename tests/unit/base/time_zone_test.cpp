#include "core/base/time_zone.hpp"

#include "core/base/time_format.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace std::chrono_literals;
using std::chrono::day;
using std::chrono::month;
using std::chrono::year;
using std::chrono::year_month_day;

namespace {

TimeZone zone(const char* name) {
    auto found = TimeZone::open(name);
    if (!found)
        FAIL(found.error().message);
    return *found;
}

std::string start(const TimeZone& zone, int y, unsigned m, unsigned d) {
    return rfc3339(zone.start_of(year_month_day(year(y), month(m), day(d))));
}

WallTime at(const char* text) {
    auto time = parse_rfc3339(text);
    REQUIRE(time);
    return *time;
}

}  // namespace

TEST_CASE("days begin at midnight of the place", "[base]") {
    CHECK(start(TimeZone::utc(), 2026, 3, 29) == "2026-03-29T00:00:00.000Z");
    auto berlin = zone("Europe/Berlin");
    CHECK(start(berlin, 2026, 3, 29) == "2026-03-28T23:00:00.000Z");
    CHECK(start(berlin, 2026, 3, 30) == "2026-03-29T22:00:00.000Z");
    CHECK(start(berlin, 2026, 10, 25) == "2026-10-24T22:00:00.000Z");
    CHECK(start(berlin, 2026, 10, 26) == "2026-10-25T23:00:00.000Z");
    CHECK(start(zone("Asia/Kathmandu"), 2026, 1, 1) == "2025-12-31T18:15:00.000Z");
    CHECK(start(zone("Pacific/Kiritimati"), 2026, 1, 1) == "2025-12-31T10:00:00.000Z");
}

TEST_CASE("a day whose midnight is skipped begins an hour later", "[base]") {
    // Clocks in Chile and Cuba go from 24:00 to 1:00.
    CHECK(start(zone("America/Santiago"), 2026, 9, 6) == "2026-09-06T04:00:00.000Z");
    CHECK(start(zone("America/Havana"), 2026, 3, 8) == "2026-03-08T05:00:00.000Z");
    // Samoa went from 29 to 31 December 2011.
    CHECK(start(zone("Pacific/Apia"), 2011, 12, 31) == "2011-12-30T10:00:00.000Z");
}

TEST_CASE("a midnight that comes twice counts when the day has come to stay", "[base]") {
    // From 24:00 back to 23:00.
    CHECK(start(zone("America/Santiago"), 2026, 4, 5) == "2026-04-05T04:00:00.000Z");
    // From 1:00 back to 0:00: the day has begun before.
    CHECK(start(zone("America/Havana"), 2026, 11, 1) == "2026-11-01T04:00:00.000Z");
}

TEST_CASE("every moment lies in the day that its clocks show", "[base]") {
    for (const char* name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                             "Africa/Casablanca", "America/Santiago", "Asia/Tehran"}) {
        auto place = zone(name);
        auto before = place.start_of(place.day_of(at("2025-12-30T12:00:00Z")));
        for (auto now = at("2026-01-01T00:17:00Z"); now < at("2028-01-01T00:00:00Z"); now += 11h) {
            auto begin = place.start_of(place.day_of(now));
            INFO(name << " " << rfc3339(now));
            CHECK(begin >= before);
            CHECK(begin <= now);
            CHECK(now - begin < 26h);
            before = begin;
        }
    }
}

TEST_CASE("after the last change that is written down the rule goes on", "[base]") {
    auto berlin = zone("Europe/Berlin");
    CHECK(berlin.offset_at(at("2090-07-01T00:00:00Z")) == 2h);
    CHECK(berlin.offset_at(at("2090-12-01T00:00:00Z")) == 1h);
    auto sydney = zone("Australia/Sydney");
    CHECK(sydney.offset_at(at("2090-07-01T00:00:00Z")) == 10h);
    CHECK(sydney.offset_at(at("2090-12-01T00:00:00Z")) == 11h);
    CHECK(berlin.offset_at(at("1985-07-01T00:00:00Z")) == 2h);
}

TEST_CASE("what is no time zone is refused", "[base]") {
    for (const char* name : {"", "Europe", "Mars/Base", "../../etc/passwd", "/etc/passwd", "a b"})
        CHECK_FALSE(TimeZone::open(name));
    CHECK_FALSE(TimeZone::parse(""));
    CHECK_FALSE(TimeZone::parse("TZif2"));
    CHECK_FALSE(TimeZone::parse(std::string("TZif2") + std::string(200, '\xff')));
}
