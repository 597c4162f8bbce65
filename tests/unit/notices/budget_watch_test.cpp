#include "daemon/notices/budget_watch.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using notices::BudgetWatch;

namespace {
Money cents(std::int64_t count) {
    return Money::nanos(count * 10'000'000);
}
constexpr WallTime first{};
const WallTime second = first + std::chrono::hours(24);
}  // namespace

TEST_CASE("a budget is told of at a tenth, a twentieth and nothing, once each", "[notices]") {
    BudgetWatch watch;
    watch.started();
    CHECK_FALSE(watch.look("a", first, cents(100), cents(100)));
    CHECK_FALSE(watch.look("a", first, cents(11), cents(100)));
    CHECK(watch.look("a", first, cents(10), cents(100)) == 10);
    CHECK_FALSE(watch.look("a", first, cents(6), cents(100)));
    CHECK(watch.look("a", first, cents(5), cents(100)) == 5);
    CHECK(watch.look("a", first, cents(0), cents(100)) == 0);
    CHECK_FALSE(watch.look("a", first, cents(0), cents(100)));
    CHECK(watch.look("b", first, cents(-3), cents(100)) == 0);
}

TEST_CASE("a new period and a raised budget are told of again", "[notices]") {
    BudgetWatch watch;
    watch.started();
    CHECK(watch.look("a", first, cents(0), cents(100)) == 0);
    CHECK(watch.look("a", second, cents(4), cents(100)) == 5);
    CHECK_FALSE(watch.look("a", second, cents(104), cents(200)));
    CHECK(watch.look("a", second, cents(20), cents(200)) == 10);
}

TEST_CASE("what was down before the start is not told of again", "[notices]") {
    BudgetWatch watch;
    CHECK_FALSE(watch.look("a", first, cents(4), cents(100)));
    watch.started();
    CHECK_FALSE(watch.look("a", first, cents(4), cents(100)));
    CHECK(watch.look("a", first, cents(0), cents(100)) == 0);
    CHECK(watch.look("new", first, cents(9), cents(100)) == 10);
}
