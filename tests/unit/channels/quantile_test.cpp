#include "daemon/channels/quantile.hpp"

#include <catch2/catch.hpp>

using namespace obliv::channels;
using namespace std::chrono_literals;

TEST_CASE("a quantile needs twenty samples and is a fifth too high at most", "[channels]") {
    Quantile quantile;
    for (int i = 1; i <= 19; ++i)
        quantile.add(std::chrono::milliseconds(i * 10));
    CHECK_FALSE(quantile.of(0.95));
    quantile.add(200ms);
    auto p95 = quantile.of(0.95);
    REQUIRE(p95);
    CHECK(*p95 >= 190ms);
    CHECK(*p95 <= 190ms * 1.2);
    CHECK(*quantile.of(0.5) >= 100ms);
    CHECK(*quantile.of(0.5) <= 120ms);
}

TEST_CASE("a quantile follows what has become slower", "[channels]") {
    Quantile quantile;
    for (int i = 0; i < 5000; ++i)
        quantile.add(10ms);
    CHECK(*quantile.of(0.95) < 13ms);
    for (int i = 0; i < 2000; ++i)
        quantile.add(1s);
    CHECK(*quantile.of(0.5) >= 1s);
}

TEST_CASE("what is shorter or longer than any call counts as the shortest or the longest",
          "[channels]") {
    Quantile quantile;
    for (int i = 0; i < 20; ++i)
        quantile.add(0us);
    CHECK(*quantile.of(0.95) < 2ms);
    for (int i = 0; i < 900; ++i)
        quantile.add(std::chrono::hours(100));
    CHECK(*quantile.of(0.95) > 1h);
}
