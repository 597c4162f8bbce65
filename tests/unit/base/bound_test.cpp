#include "core/base/bound.hpp"

#include <catch2/catch.hpp>

using namespace obliv;

TEST_CASE("a bound gives no more than there is, and a share goes back by itself", "[base]") {
    Bound bound(100);
    {
        Share first;
        CHECK(first.take(bound, 60));
        Share second;
        CHECK_FALSE(second.take(bound, 41));
        CHECK(second.take(bound, 40));
        CHECK(bound.taken() == 100);
        first.resize(10);
        CHECK(bound.taken() == 50);
        first.resize(20);  // only ever less
        CHECK(first.bytes() == 10);
        CHECK(first.take(bound, 5));
        CHECK(first.bytes() == 15);
        Share moved = std::move(first);
        CHECK(bound.taken() == 55);
        moved.join(std::move(second));
        CHECK(moved.bytes() == 55);
        CHECK(second.bytes() == 0);
    }
    CHECK(bound.taken() == 0);
}

TEST_CASE("a bound that was lowered lets what is taken go back first", "[base]") {
    Bound bound(100);
    Share share;
    REQUIRE(share.take(bound, 80));
    bound.set_most(50);
    Share other;
    CHECK_FALSE(other.take(bound, 1));
    share.resize(40);
    CHECK(other.take(bound, 10));
}
