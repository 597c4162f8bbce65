#include "core/base/clock.hpp"

#include "tests/support/fake_clock.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace std::chrono_literals;

TEST_CASE("a deadline passes when its time has come", "[base]") {
    test::FakeClock clock;
    auto deadline = Deadline::after(clock, 5s);
    CHECK(!deadline.passed(clock.steady()));
    clock.advance(4'999'999'999ns);
    CHECK(!deadline.passed(clock.steady()));
    clock.advance(1ns);
    CHECK(deadline.passed(clock.steady()));
    CHECK(!Deadline::never().passed(clock.steady() + 24h * 36'500));
}

TEST_CASE("the sooner of two deadlines counts", "[base]") {
    test::FakeClock clock;
    auto near = Deadline::after(clock, 1s);
    auto far = Deadline::after(clock, 2s);
    CHECK(near.sooner(far).at() == near.at());
    CHECK(far.sooner(near).at() == near.at());
    CHECK(far.sooner(Deadline::never()).at() == far.at());
}

TEST_CASE("the real clock goes forward and knows the century", "[base]") {
    const auto& clock = real_clock();
    auto before = clock.steady();
    CHECK(clock.steady() >= before);
    CHECK(unix_nanos(clock.wall()) > 1'600'000'000'000'000'000);
    CHECK(from_unix_nanos(unix_nanos(WallTime(7ns))) == WallTime(7ns));
}
