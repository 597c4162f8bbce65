#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using test::must;
using test::Shop;

namespace {

void check_counted(const billing::Counted& counted, std::int64_t calls, std::int64_t nanos,
                   std::int64_t units) {
    CHECK(counted.calls == calls);
    CHECK(counted.billed == Money::nanos(nanos));
    CHECK(counted.units == units);
}

}  // namespace

TEST_CASE("calls that end are counted where they end, are written and are stored", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    check_counted(must(shop.books->stored()), 0, 0, 0);
    for (std::int64_t cost : {20, 30})
        must(shop.pay(must(shop.reserve(40, shop.team)), cost, shop.team));
    auto ended = shop.books->ended();
    CHECK(ended.calls == 2);
    CHECK(ended.billed == Money::nanos(50));
    CHECK(ended.units >= 50);
    shop.flush();
    check_counted(shop.books->written(), 2, 50, ended.units);
    check_counted(must(shop.books->stored()), 2, 50, ended.units);
}

TEST_CASE("no call is let in while a gap stops paid work", "[billing]") {
    Shop shop;
    shop.topup(shop.team, 100);
    shop.books->set_gap(true, false);
    CHECK(shop.books->gap());
    CHECK(shop.reserve(40, shop.team));
    shop.books->set_gap(true, true);
    auto refused = shop.reserve(40, shop.team);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::unavailable);
    shop.books->set_gap(false, true);
    CHECK_FALSE(shop.books->gap());
    CHECK(shop.reserve(40, shop.team));
}
