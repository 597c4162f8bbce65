#include "core/ledger/balance.hpp"

#include "core/ledger/low_water.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace obliv;
using ledger::AccountKind;
using ledger::Balance;

namespace {
Money nanos(std::int64_t count) {
    return Money::nanos(count);
}
}  // namespace

TEST_CASE("a prepaid balance gives exactly what it has", "[ledger]") {
    Balance balance(nanos(10), nanos(0), ledger::floor_of(AccountKind::prepaid, {}));
    CHECK(balance.reserve(nanos(10)));
    CHECK_FALSE(balance.reserve(nanos(1)));
    CHECK(balance.reserve(nanos(0)));
    balance.release(nanos(10));
    CHECK(balance.figures().available == nanos(10));
    CHECK(balance.figures().held == nanos(0));
}

TEST_CASE("a credit balance goes down to its limit and no further", "[ledger]") {
    Balance balance(nanos(10), nanos(0), ledger::floor_of(AccountKind::credit, nanos(5)));
    CHECK(balance.reserve(nanos(15)));
    CHECK_FALSE(balance.reserve(nanos(1)));
    CHECK(balance.figures().available == nanos(-5));
}

TEST_CASE("an unlimited balance only counts", "[ledger]") {
    Balance balance(nanos(0), nanos(0), ledger::floor_of(AccountKind::unlimited, {}));
    CHECK(balance.reserve(Money::dollars(1'000'000'000)));
    balance.settle(Money::dollars(1'000'000'000), Money::dollars(3));
    CHECK(balance.figures().spent == Money::dollars(3));
    CHECK(balance.figures().available == Money::dollars(-3));
}

TEST_CASE("not even an unlimited balance overflows", "[ledger]") {
    Balance balance(nanos(0), nanos(0), Balance::bottomless);
    CHECK_FALSE(balance.reserve(Money::max()));
    CHECK(balance.figures().agree());
    CHECK(balance.reserve_up_to(Money::max()) == nanos(INT64_MAX / 2 + 1));
}

TEST_CASE("settling gives the rest back and keeps the sum", "[ledger]") {
    Balance balance(nanos(100), nanos(20), {});
    CHECK(balance.figures().available == nanos(80));
    REQUIRE(balance.reserve(nanos(50)));
    balance.settle(nanos(50), nanos(30));
    auto figures = balance.figures();
    CHECK(figures.available == nanos(50));
    CHECK(figures.held == nanos(0));
    CHECK(figures.spent == nanos(50));
    CHECK(figures.agree());
}

TEST_CASE("a call above its reservation gets at most what is left", "[ledger]") {
    Balance balance(nanos(10), nanos(0), {});
    REQUIRE(balance.reserve(nanos(4)));
    CHECK(balance.reserve_up_to(nanos(100)) == nanos(6));
    CHECK(balance.reserve_up_to(nanos(1)) == nanos(0));
    balance.settle(nanos(10), nanos(10));
    CHECK(balance.figures().available == nanos(0));
    CHECK(balance.figures().agree());
}

TEST_CASE("a withdrawal cannot take what is held or not there", "[ledger]") {
    Balance balance(nanos(10), nanos(0), {});
    REQUIRE(balance.reserve(nanos(6)));
    CHECK_FALSE(balance.withdraw(nanos(5)));
    CHECK(balance.withdraw(nanos(4)));
    CHECK(balance.figures().granted == nanos(6));
    CHECK(balance.figures().agree());
}

TEST_CASE("a deposit over the ceiling changes nothing", "[ledger]") {
    Balance balance(nanos(10), nanos(0), {});
    CHECK_FALSE(balance.deposit(Money::max()));
    CHECK(balance.figures().granted == nanos(10));
    CHECK(balance.deposit(nanos(5)));
    CHECK(balance.figures().available == nanos(15));
}

TEST_CASE("a lower budget stops further calls and keeps what is spent", "[ledger]") {
    Balance balance(nanos(10), nanos(8), {});
    balance.set_granted(nanos(5));
    CHECK_FALSE(balance.reserve(nanos(1)));
    CHECK(balance.reserve(nanos(0)));
    CHECK(balance.reserve_up_to(nanos(1)) == nanos(0));
    CHECK(balance.figures().spent == nanos(8));
    CHECK(balance.figures().agree());
    balance.set_floor(Balance::bottomless);
    CHECK(balance.reserve(nanos(1)));
}

TEST_CASE("figures that do not add up are told from those that do", "[ledger]") {
    CHECK(ledger::BalanceFigures{nanos(3), nanos(1), nanos(1), nanos(1)}.agree());
    CHECK_FALSE(ledger::BalanceFigures{nanos(3), nanos(1), nanos(1), nanos(2)}.agree());
}

TEST_CASE("a thousand threads racing for the last cent never take more than there is", "[ledger]") {
    constexpr int threads = 1000;
    constexpr std::int64_t cents = 100;
    Balance balance(nanos(cents), nanos(0), {});
    std::atomic<int> got{0};
    std::atomic<bool> below{false};
    std::atomic<bool> go{false};
    std::vector<std::thread> callers;
    for (int i = 0; i < threads; ++i)
        callers.emplace_back([&, i] {
            go.wait(false);
            Random random(static_cast<std::uint64_t>(i));
            for (int round = 0; round < 20; ++round)
                if (balance.reserve(nanos(1))) {
                    below = below || balance.figures().available < nanos(0);
                    if (random.below(4) == 0) {
                        balance.settle(nanos(1), nanos(1));
                        ++got;
                    } else {
                        balance.release(nanos(1));
                    }
                }
        });
    go = true;
    go.notify_all();
    for (auto& caller : callers)
        caller.join();
    auto figures = balance.figures();
    CHECK_FALSE(below);
    CHECK(got == cents);
    CHECK(figures.available == nanos(0));
    CHECK(figures.spent == nanos(cents));
    CHECK(figures.agree());
}

TEST_CASE("a reading that claims to be exact adds up while others change the balance", "[ledger]") {
    Balance balance(nanos(1000), nanos(0), {});
    std::atomic<bool> stop{false};
    std::vector<std::thread> callers;
    for (int i = 0; i < 2; ++i)
        callers.emplace_back([&] {
            while (!stop)
                if (balance.reserve(nanos(3)))
                    balance.release(nanos(3));
        });
    int exact_readings = 0;
    bool all_agree = true;
    for (int i = 0; i < 20'000; ++i) {
        bool exact = false;
        auto figures = balance.figures(&exact);
        exact_readings += exact ? 1 : 0;
        all_agree = all_agree && (!exact || figures.agree());
    }
    stop = true;
    for (auto& caller : callers)
        caller.join();
    CHECK(all_agree);
    CHECK(balance.figures().agree());
    CHECK(balance.figures().available == nanos(1000));
    INFO("exact readings: " << exact_readings);
}

TEST_CASE("what can be spent counts held money and the way down to the floor", "[ledger]") {
    auto balance = std::make_shared<Balance>(nanos(100), nanos(30), nanos(-50));
    CHECK(balance->spendable() == nanos(120));
    REQUIRE(balance->reserve(nanos(20)));
    CHECK(balance->spendable() == nanos(120));
    balance->settle(nanos(20), nanos(15));
    CHECK(balance->spendable() == nanos(105));
    REQUIRE(balance->deposit(nanos(10)));
    balance->set_floor({});
    CHECK(balance->spendable() == nanos(65));
    // As far apart as the figures of a balance can be.
    Balance deepest(Balance::ceiling, nanos(0), Balance::bottomless);
    CHECK(deepest.spendable() > Money{});
}

TEST_CASE("little is left from the mark on downwards, and without a mark never", "[ledger]") {
    auto balance = std::make_shared<Balance>(nanos(10), nanos(0), Money{});
    obliv::ledger::LowWater low(balance);
    CHECK_FALSE(low.reached());
    low.set(nanos(5));
    REQUIRE(balance->reserve(nanos(10)));
    CHECK_FALSE(low.reached());
    balance->settle(nanos(10), nanos(4));
    CHECK_FALSE(low.reached());
    REQUIRE(balance->withdraw(nanos(1)));
    CHECK(low.reached());
    REQUIRE(balance->deposit(nanos(1)));
    CHECK_FALSE(low.reached());
}
