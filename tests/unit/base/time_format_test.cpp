#include "core/base/time_format.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t last_second = 9'183'110'399;  // the end of 2260

std::int64_t seconds(std::string_view text) {
    auto time = parse_rfc3339(text);
    REQUIRE(time);
    return unix_nanos(*time) / 1'000'000'000;
}

}  // namespace

TEST_CASE("times are shown in UTC with milliseconds", "[base]") {
    CHECK(rfc3339(from_unix_nanos(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(rfc3339(from_unix_nanos(1'709'210'096'789'999'999)) == "2024-02-29T12:34:56.789Z");
    CHECK(rfc3339(from_unix_nanos(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("times are read in every form of RFC 3339", "[base]") {
    CHECK(seconds("1970-01-01T00:00:01Z") == 1);
    CHECK(seconds("1970-01-02") == 86'400);
    CHECK(seconds("1970-01-01t00:00:01z") == 1);
    CHECK(seconds("1970-01-01 00:00:01Z") == 1);
    CHECK(seconds("1970-01-01T02:00:00+02:00") == 0);
    CHECK(seconds("1970-01-01T00:00:00-01:30") == 5'400);
    CHECK(seconds("2024-02-29T00:00:00Z") == 1'709'164'800);
    CHECK(unix_nanos(*parse_rfc3339("1970-01-01T00:00:00.123456789Z")) == 123'456'789);
    CHECK(unix_nanos(*parse_rfc3339("1970-01-01T00:00:00.5Z")) == 500'000'000);
    CHECK(seconds("1970-01-01T23:59:60Z") == 86'400);
}

TEST_CASE("what is no time is refused", "[base]") {
    for (auto bad : {"",
                     "now",
                     "2024",
                     "2024-13-01",
                     "2024-00-01",
                     "2023-02-29",
                     "2024-02-30",
                     "24-01-01",
                     "2024-1-1",
                     "2024-01-01T",
                     "2024-01-01T00:00Z",
                     "2024-01-01T24:00:00Z",
                     "2024-01-01T00:60:00Z",
                     "2024-01-01T00:00:61Z",
                     "2024-01-01T00:00:00",
                     "2024-01-01T00:00:00.Z",
                     "2024-01-01T00:00:00.0123456789Z",
                     "2024-01-01T00:00:00+2:00",
                     "2024-01-01T00:00:00+24:00",
                     "2024-01-01T00:00:00ZZ",
                     " 2024-01-01",
                     "1969-12-31",
                     "2262-01-01",
                     "9999-01-01"}) {
        CAPTURE(bad);
        auto time = parse_rfc3339(bad);
        REQUIRE(!time);
        CHECK(time.error().code == Code::invalid_request);
    }
}

TEST_CASE("what is shown reads back to the millisecond", "[base]") {
    const std::uint64_t seed = 31;
    CAPTURE(seed);
    Random random(seed);
    for (int round = 0; round < 2000; ++round) {
        auto millis = static_cast<std::int64_t>(random.below(last_second * 1000));
        auto time = from_unix_nanos(millis * 1'000'000);
        auto read = parse_rfc3339(rfc3339(time));
        REQUIRE(read);
        CHECK(*read == time);
    }
}

TEST_CASE("a distance counts back from now", "[base]") {
    auto now = from_unix_nanos(1'000'000'000'000'000'000);
    CHECK(*parse_time("-24h", now) == now - 24h);
    CHECK(*parse_time("-30d", now) == now - 720h);
    CHECK(*parse_time("1970-01-01", now) == from_unix_nanos(0));
    CHECK(!parse_time("-", now));
    CHECK(!parse_time("24h", now));
    CHECK(!parse_time("--1h", now));
}

TEST_CASE("durations are a whole number and a unit", "[base]") {
    CHECK(*parse_duration("250ms") == 250ms);
    CHECK(*parse_duration("10s") == 10s);
    CHECK(*parse_duration("5m") == 5min);
    CHECK(*parse_duration("2h") == 2h);
    CHECK(*parse_duration("7d") == 168h);
    CHECK(*parse_duration("0s") == 0ms);
    for (auto bad : {"", "5", "s", "-5s", "+5s", "1.5s", "5 s", "5S", "5sec", "5s ",
                     "99999999999999999999s", "36501d", "9223372036854775807d"}) {
        CAPTURE(bad);
        CHECK(!parse_duration(bad));
    }
}

TEST_CASE("durations are written in the largest unit that is exact", "[base]") {
    CHECK(duration_text(0ms) == "0ms");
    CHECK(duration_text(1500ms) == "1500ms");
    CHECK(duration_text(60s) == "1m");
    CHECK(duration_text(90min) == "90m");
    CHECK(duration_text(24h) == "1d");
    for (auto span : {1ms, 999ms, 1000ms, 3'600'000ms, 86'400'001ms})
        CHECK(*parse_duration(duration_text(span)) == span);
}
