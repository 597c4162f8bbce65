#include "cli/sim/plan.hpp"
#include "tests/support/padded.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::sim;
using std::chrono::nanoseconds;

namespace {

Call call_of(const std::string& text, const std::string& more = "") {
    test::Padded body(R"({"model":"m","messages":[{"role":"user","content":")" + text + R"("}])" +
                      more + "}");
    auto call = read_call(body.view());
    REQUIRE(call);
    return *call;
}

bool same(Plan a, Plan b) {
    return a.fault == b.fault && a.tokens == b.tokens && a.whole_time() == b.whole_time();
}

}  // namespace

TEST_CASE("a plan is a function of seed, call and number", "[sim]") {
    Options options;
    options.output = {50, 15};
    options.faults = {{*parse_fault("429"), 0.3}, {*parse_fault("cut"), 0.3}};
    auto call = call_of("hi");
    int differs_by_seed = 0;
    int differs_by_number = 0;
    for (std::uint64_t number = 1; number <= 50; ++number) {
        options.seed = 1;
        auto plan = make_plan(options, call, number);
        REQUIRE(same(plan, make_plan(options, call, number)));
        differs_by_number += !same(plan, make_plan(options, call, number + 1));
        options.seed = 2;
        differs_by_seed += !same(plan, make_plan(options, call, number));
    }
    CHECK(differs_by_seed > 40);
    CHECK(differs_by_number > 40);
}

TEST_CASE("faults come at their rates", "[sim]") {
    Options options;
    options.faults = {{*parse_fault("429"), 0.1}, {*parse_fault("hang"), 0.2}};
    auto call = call_of("hi");
    int limited = 0;
    int hung = 0;
    for (std::uint64_t number = 1; number <= 10'000; ++number) {
        auto plan = make_plan(options, call, number);
        limited += plan.fault.status == 429;
        hung += plan.fault.kind == Fault::Kind::hang;
    }
    CHECK(limited == Approx(1000).margin(120));
    CHECK(hung == Approx(2000).margin(160));
}

TEST_CASE("a wish for one call changes nothing for the others", "[sim]") {
    Options options;
    options.output = {50, 15};
    options.faults = {{*parse_fault("500"), 0.5}};
    auto plain = call_of("hi");
    auto wished = call_of("hi [[sim:fault=none]][[sim:tokens=7]]");
    auto plan = make_plan(options, wished, 3);
    CHECK(plan.fault == Fault{});
    CHECK(plan.tokens == 7);
    // The delays of the same call do not depend on the wish either.
    auto pace = make_plan(options, plain, 3).pace;
    CHECK(plan.pace.next(milliseconds(100)) == pace.next(milliseconds(100)));
}

TEST_CASE("output lengths have the mean and deviation asked for", "[sim]") {
    Options options;
    options.output = {100, 10};
    auto call = call_of("hi");
    double sum = 0;
    double squares = 0;
    for (std::uint64_t number = 1; number <= 4000; ++number) {
        auto tokens = static_cast<double>(make_plan(options, call, number).tokens);
        sum += tokens;
        squares += tokens * tokens;
    }
    auto mean = sum / 4000;
    CHECK(mean == Approx(100).margin(1));
    CHECK(squares / 4000 - mean * mean == Approx(100).margin(12));
    options.output = {1, 50};
    for (std::uint64_t number = 1; number <= 200; ++number)
        REQUIRE(make_plan(options, call, number).tokens >= 1);
}

TEST_CASE("the caller's limit cuts the reply short", "[sim]") {
    Options options;
    auto plan = make_plan(options, call_of("hi", R"(,"max_tokens":10)"), 1);
    CHECK(plan.tokens == 10);
    CHECK(plan.cut_short);
    plan = make_plan(options, call_of("hi", R"(,"max_completion_tokens":50)"), 1);
    CHECK(plan.tokens == 50);
    CHECK_FALSE(plan.cut_short);
    plan = make_plan(options, call_of("a b c [[sim:echo]]", R"(,"max_tokens":2)"), 1);
    CHECK(plan.tokens == 2);
    CHECK(plan.cut_short);
}

TEST_CASE("usage follows the mode and the caller", "[sim]") {
    Options options;
    auto silent = call_of("hi", R"(,"stream":true)");
    auto asking = call_of("hi", R"(,"stream":true,"stream_options":{"include_usage":true})");
    CHECK(make_plan(options, silent, 1).usage_in_reply);
    CHECK_FALSE(make_plan(options, silent, 1).usage_at_end);
    CHECK(make_plan(options, asking, 1).usage_at_end);
    options.usage = UsageMode::off;
    CHECK_FALSE(make_plan(options, asking, 1).usage_in_reply);
    CHECK_FALSE(make_plan(options, asking, 1).usage_at_end);
    options.usage = UsageMode::final_chunk;
    CHECK(make_plan(options, silent, 1).usage_at_end);
}

TEST_CASE("delays stay within the jitter and are exact without", "[sim]") {
    Options options;
    options.ttft = milliseconds(200);
    options.itl = milliseconds(20);
    options.output = {11, 0};
    options.jitter = 0;
    auto call = call_of("hi");
    CHECK(make_plan(options, call, 1).whole_time() == milliseconds(200 + 10 * 20));
    options.jitter = 0.2;
    for (std::uint64_t number = 1; number <= 100; ++number) {
        auto delay = make_plan(options, call, number).pace.next(milliseconds(200));
        REQUIRE(delay >= milliseconds(160));
        REQUIRE(delay <= milliseconds(240));
    }
    auto wished = call_of("[[sim:ttft=0ms]][[sim:itl=0ms]]");
    CHECK(make_plan(options, wished, 1).whole_time() == nanoseconds(0));
}

TEST_CASE("words of an echo are fit for a JSON string", "[sim]") {
    Options options;
    auto plan = make_plan(options, call_of(R"(a \"b\" \\ c [[sim:echo]])"), 1);
    Words words(plan);
    CHECK(plan.tokens == 4);
    CHECK(words[0] == "a");
    CHECK(words[1] == R"( \"b\")");
    CHECK(words[2] == R"( \\)");
    CHECK(words[3] == " c");
}
