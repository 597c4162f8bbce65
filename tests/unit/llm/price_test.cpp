#include "core/llm/price.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::llm;

namespace {

Price price() {
    Price p;
    p.input = Money::dollars(2);
    p.output = Money::dollars(8);
    p.cache_read = Money::nanos(500'000'000);
    return p;
}

Usage usage(std::int64_t input, std::int64_t output) {
    Usage u;
    u.input = input;
    u.output = output;
    return u;
}

}  // namespace

TEST_CASE("a charge is exact to the nano-dollar and rounds half up once", "[llm]") {
    CHECK(cost_of(price(), usage(1'000'000, 1'000'000)) == Money::dollars(10));
    CHECK(cost_of(price(), usage(1, 0)) == Money::nanos(2000));
    Price tiny;
    tiny.input = Money::nanos(500'000);  // half a nano-dollar a token
    CHECK(cost_of(tiny, usage(1, 0)) == Money::nanos(1));
    CHECK(cost_of(tiny, usage(3, 0)) == Money::nanos(2));
    tiny.input = Money::nanos(499'999);
    CHECK(cost_of(tiny, usage(1, 0)) == Money::nanos(0));
    // Rounding once: two halves are one whole, not two.
    tiny.input = tiny.output = Money::nanos(500'000);
    CHECK(cost_of(tiny, usage(1, 1)) == Money::nanos(1));
}

TEST_CASE("a kind without a price costs what it is a part of", "[llm]") {
    auto p = price();
    Usage u;
    u.cache_read = u.cache_write_1h = u.audio_in = u.reasoning = u.audio_out = 1'000'000;
    CHECK(cost_of(p, u) == Money::nanos(500'000'000) + Money::dollars(2 + 2 + 8 + 8));
    p.reasoning = Money::dollars(1);
    CHECK(cost_of(p, u) == Money::nanos(500'000'000) + Money::dollars(2 + 2 + 1 + 8));
}

TEST_CASE("a call has its own price and a group its multiplier", "[llm]") {
    auto p = price();
    p.per_call = Money::dollars(1'000'000);  // a million calls: one dollar each
    CHECK(cost_of(p, Usage{}) == Money::dollars(1));
    CHECK(cost_of(p, Usage{}, 1'500'000) == Money::nanos(1'500'000'000));
    CHECK(cost_of(p, Usage{}, 0) == Money{});
}

TEST_CASE("images, seconds and characters have prices of their own", "[llm]") {
    Price p;
    p.per_image = Money::dollars(40'000);  // 0.04 each
    p.per_second = Money::dollars(100);    // 0.0001 each
    p.per_character = Money::dollars(15);  // 0.000015 each
    Usage u;
    u.images = 3;
    CHECK(cost_of(p, u) == Money::nanos(120'000'000));
    u.seconds = 7;
    CHECK(cost_of(p, u) == Money::nanos(120'700'000));
    u.characters = 11;
    CHECK(cost_of(p, u) == Money::nanos(120'865'000));
    CHECK(cost_at_most(p, u) == cost_of(p, u));
}

TEST_CASE("no usage within the bounds costs more than the reservation", "[llm]") {
    auto p = price();
    p.cache_write_1h = Money::dollars(4);
    p.audio_out = Money::dollars(64);
    Usage dear;
    dear.cache_write_1h = 100;
    dear.audio_out = 50;
    CHECK(cost_of(p, dear) <= cost_at_most(p, usage(100, 50)));
    CHECK(cost_of(p, usage(100, 50)) <= cost_at_most(p, usage(100, 50)));
}

TEST_CASE("absurd counts saturate instead of wrapping", "[llm]") {
    Price p;
    p.input = p.output = Money::max();
    Usage u;
    u.input = u.output = INT64_MAX;
    CHECK(cost_of(p, u) == Money::max());
}
