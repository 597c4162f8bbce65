#include "cli/sim/options.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::sim;

TEST_CASE("a fault is a status or a name", "[sim]") {
    CHECK(*parse_fault("429") == Fault{Fault::Kind::status, 429});
    CHECK(*parse_fault("599") == Fault{Fault::Kind::status, 599});
    CHECK(*parse_fault("hang") == Fault{Fault::Kind::hang, 0});
    CHECK(*parse_fault("cut") == Fault{Fault::Kind::cut, 0});
    CHECK(*parse_fault("malformed") == Fault{Fault::Kind::malformed, 0});
    CHECK(*parse_fault("drip") == Fault{Fault::Kind::drip, 0});
    CHECK(*parse_fault("none") == Fault{});
    for (const auto* bad : {"", "200", "399", "600", "Hang", "429 ", "-429"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_fault(bad));
    }
}

TEST_CASE("a fault's rate is a share of the calls", "[sim]") {
    auto rate = parse_fault_rate("500=0.25");
    REQUIRE(rate);
    CHECK(rate->fault == Fault{Fault::Kind::status, 500});
    CHECK(rate->rate == 0.25);
    for (const auto* bad : {"500", "500=", "500=1.5", "500=-0.1", "500=nan", "500=0x1", "x=0.1"}) {
        CAPTURE(bad);
        auto read = parse_fault_rate(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == Code::usage);
    }
}

TEST_CASE("an output length has a mean and perhaps a deviation", "[sim]") {
    CHECK(parse_length("50")->mean == 50);
    CHECK(parse_length("50")->deviation == 0);
    CHECK(parse_length("120:30.5")->mean == 120);
    CHECK(parse_length("120:30.5")->deviation == 30.5);
    for (const auto* bad : {"", "0", "-1", "50:", ":5", "50:-1", "1e9", "inf", "50:5:5"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_length(bad));
    }
}

TEST_CASE("a usage mode is one of three", "[sim]") {
    CHECK(*parse_usage_mode("on") == UsageMode::on);
    CHECK(*parse_usage_mode("off") == UsageMode::off);
    CHECK(*parse_usage_mode("final-chunk") == UsageMode::final_chunk);
    CHECK_FALSE(parse_usage_mode("yes"));
}

TEST_CASE("fault rates are refused when they add up to more than every call", "[sim]") {
    Options options;
    options.faults = {{*parse_fault("cut"), 0.6}, {*parse_fault("hang"), 0.4}};
    CHECK(check_options(options));
    options.faults.push_back({*parse_fault("429"), 0.01});
    auto checked = check_options(options);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Code::usage);
}
