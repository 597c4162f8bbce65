#include "core/ledger/lots.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::ledger;
using std::chrono::hours;

namespace {

Lot lot(std::int64_t id, std::int64_t left, int hour) {
    return {id, AccountId{10}, Money::nanos(left), Money::nanos(left), WallTime(hours(hour))};
}

std::vector<std::int64_t> left_of(const std::vector<Lot>& lots) {
    std::vector<std::int64_t> out;
    for (const auto& each : lots)
        out.push_back(each.left.nanos());
    return out;
}

Money expired(const std::vector<Lot>& lots, std::int64_t available, std::int64_t held,
              std::int64_t stored, std::int64_t leaving, WallTime now) {
    return expired_of(
        lots,
        {Money::nanos(available), Money::nanos(held), Money::nanos(stored), Money::nanos(leaving)},
        now);
}

}  // namespace

TEST_CASE("what expires first is spent first", "[ledger]") {
    CHECK(spent_before(lot(9, 1, 1), lot(2, 1, 2)));
    CHECK(spent_before(lot(2, 1, 1), lot(9, 1, 1)));
    std::vector<Lot> lots{lot(5, 10, 1), lot(2, 10, 2)};
    take_from(lots, 20, Money::nanos(12));
    CHECK(left_of(lots) == std::vector<std::int64_t>{0, 8});
    take_from(lots, 20, Money::nanos(100));
    CHECK(left_of(lots) == std::vector<std::int64_t>{0, 0});
}

TEST_CASE("money that came later was not spent by what was before", "[ledger]") {
    std::vector<Lot> lots{lot(5, 10, 1), lot(2, 10, 2)};
    take_from(lots, 4, Money::nanos(12));
    CHECK(left_of(lots) == std::vector<std::int64_t>{10, 0});
    take_from(lots, 9, Money::nanos(-3));
    CHECK(left_of(lots) == std::vector<std::int64_t>{10, 0});
}

TEST_CASE("what has expired is booked out but for what calls hold", "[ledger]") {
    std::vector<Lot> lots{lot(1, 10, 1), lot(2, 5, 9)};
    auto before = WallTime(hours(1)) - std::chrono::nanoseconds(1);
    auto after = WallTime(hours(1));
    CHECK(expired(lots, 20, 0, 20, 0, before) == Money{});
    CHECK(expired(lots, 20, 0, 20, 0, after) == Money::nanos(10));
    CHECK(expired(lots, 17, 3, 20, 0, after) == Money::nanos(7));
    CHECK(expired(lots, 8, 12, 20, 0, after) == Money{});
    // Four were spent by calls that are not folded, three by a correction that is not.
    CHECK(expired(lots, 16, 0, 20, 0, after) == Money::nanos(6));
    CHECK(expired(lots, 16, 0, 20, 3, after) == Money::nanos(3));
    CHECK(expired(lots, 2, 0, 20, 0, after) == Money{});
}

TEST_CASE("a call that never ends keeps expired money for an hour", "[ledger]") {
    std::vector<Lot> lots{lot(1, 10, 1)};
    CHECK(expired(lots, 12, 8, 20, 0, WallTime(hours(2)) - std::chrono::seconds(1)) ==
          Money::nanos(2));
    CHECK(expired(lots, 12, 8, 20, 0, WallTime(hours(2))) == Money::nanos(10));
    CHECK(expired(lots, 6, 14, 20, 0, WallTime(hours(2))) == Money::nanos(6));
}
