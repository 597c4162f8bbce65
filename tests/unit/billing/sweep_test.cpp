#include "daemon/billing/till.hpp"
#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

using namespace obliv;
using billing::Hold;
using test::must;
using test::Shop;

namespace {
constexpr std::uint16_t turns = 5;

Money nanos(std::int64_t count) {
    return Money::nanos(count);
}
}  // namespace

TEST_CASE("the money of a hold that gets too old goes back, and its call is charged all the same",
          "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    auto budgeted = shop.add_token("b", shop.team, nanos(90));
    auto first = must(shop.reserve(60, shop.team, budgeted));
    CHECK(shop.till->sweep(turns).holds == 0);
    auto later = must(shop.reserve(20, shop.team, budgeted));
    Hold moved = std::move(first);
    for (int turn = 2; turn < turns; ++turn)
        CHECK(shop.till->sweep(turns).holds == 0);
    CHECK_FALSE(moved.swept());
    auto swept = shop.till->sweep(turns);
    CHECK(swept.holds == 1);
    CHECK(swept.amount == nanos(60));
    CHECK(moved.swept());
    CHECK(moved.open());
    CHECK_FALSE(later.swept());
    CHECK(shop.figures(shop.team).held == nanos(20));
    CHECK(shop.figures(shop.team).available == nanos(80));
    CHECK(shop.books->token_figures(budgeted)->held == nanos(20));
    CHECK(shop.till->sweep(turns).holds == 1);
    CHECK_FALSE(shop.till->holds_open());
    SECTION("from what there is") {
        auto receipt = must(shop.pay(std::move(moved), 70, shop.team, budgeted));
        CHECK(receipt.cost == nanos(70));
        shop.flush();
        CHECK(shop.rows()[0].held == nanos(0));
    }
    SECTION("as far as it goes") {
        auto receipt = must(shop.pay(std::move(moved), 130, shop.team, budgeted));
        CHECK(receipt.cost == nanos(90));
        shop.flush();
        CHECK(shop.rows()[0].loss == nanos(40));
    }
    SECTION("or given back as any other") {
        moved.release();
        CHECK(shop.figures(shop.team).available == nanos(100));
    }
    later.release();
    CHECK(shop.figures(shop.team).held == nanos(0));
    CHECK(shop.books->ring_used() == 0);
    CHECK(shop.figures(shop.team).agree());
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("holds that end in any order leave the others to the sweeper", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    std::vector<Hold> holds;
    for (int i = 0; i < 6; ++i)
        holds.push_back(must(shop.reserve(10, shop.team)));  // they move as the vector grows
    holds.erase(holds.begin() + 2);
    holds[0] = Hold();
    holds.back() = must(shop.reserve(5, shop.team));
    for (int turn = 1; turn < turns; ++turn)
        shop.till->sweep(turns);
    auto swept = shop.till->sweep(turns);
    CHECK(swept.holds == 4);
    CHECK(swept.amount == nanos(35));
    CHECK(shop.figures(shop.team).available == nanos(100));
}
