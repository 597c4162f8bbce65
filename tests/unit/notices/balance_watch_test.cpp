#include "daemon/notices/balance_watch.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::notices;

namespace {

constexpr AccountId alice{7};

struct Watch {
    BalanceWatch balances;
    /// The step told of; -1: none.
    int look(std::int64_t dollars) {
        std::optional<int> step;
        last = balances.look(alice, Money::dollars(dollars), step);
        return step.value_or(-1);
    }
    std::optional<BalanceMark> last;
};

}  // namespace

TEST_CASE("each step down is told once", "[notices]") {
    Watch watch;
    CHECK(watch.look(100) == -1);
    REQUIRE(watch.last);
    CHECK(watch.last->full == Money::dollars(100));
    CHECK(watch.look(11) == -1);
    CHECK_FALSE(watch.last);
    CHECK(watch.look(10) == 10);
    CHECK(watch.look(9) == -1);
    CHECK(watch.look(5) == 5);
    CHECK(watch.look(1) == -1);
    CHECK(watch.look(0) == 0);
    CHECK(watch.look(0) == -1);
    CHECK(watch.look(-1) == -1);
}

TEST_CASE("a fall through several steps is told by the last", "[notices]") {
    Watch watch;
    watch.look(100);
    CHECK(watch.look(0) == 0);
    CHECK(watch.look(0) == -1);
}

TEST_CASE("money that comes in begins the count anew", "[notices]") {
    Watch watch;
    watch.look(100);
    CHECK(watch.look(4) == 5);
    CHECK(watch.look(20) == -1);
    REQUIRE(watch.last);
    CHECK(watch.last->full == Money::dollars(20));
    CHECK(watch.last->level == 100);
    CHECK(watch.look(3) == -1);
    CHECK(watch.look(2) == 10);
}

TEST_CASE("an account that never had anything runs out of nothing", "[notices]") {
    Watch watch;
    CHECK(watch.look(0) == -1);
    CHECK(watch.look(0) == -1);
    CHECK_FALSE(watch.last);
    CHECK(watch.look(10) == -1);
    CHECK(watch.look(0) == 0);
}

TEST_CASE("a restart tells nothing twice and forgets nothing", "[notices]") {
    Watch watch;
    watch.balances.restore({alice, Money::dollars(100), 10});
    CHECK(watch.look(8) == -1);
    CHECK(watch.look(4) == 5);

    Watch slept;
    slept.balances.restore({alice, Money::dollars(100), 100});
    CHECK(slept.look(10) == 10);
}

TEST_CASE("the low mark is the step of five percent", "[notices]") {
    for (std::int64_t full : {1, 19, 20, 99, 100, 101, 12'345'678}) {
        auto mark = low_mark(Money::nanos(full));
        CHECK(step_of(mark, Money::nanos(full)) <= 5);
        CHECK(step_of(mark + Money::nanos(1), Money::nanos(full)) > 5);
    }
    CHECK(low_mark(Money{}) < Money::dollars(-1'000'000'000));
    Watch watch;
    CHECK(watch.balances.find(alice) == nullptr);
    watch.look(100);
    watch.look(3);
    REQUIRE(watch.balances.find(alice) != nullptr);
    CHECK(watch.balances.find(alice)->full == Money::dollars(100));
}
