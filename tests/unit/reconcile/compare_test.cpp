#include "core/reconcile/compare.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::reconcile;

namespace {

Bill bill(std::initializer_list<std::pair<DayModel, Line>> lines) {
    Bill out;
    out.has_tokens = true;
    for (const auto& [key, line] : lines)
        REQUIRE(out.add(key.first, key.second, line));
    return out;
}

Line line(std::int64_t input, std::int64_t output, std::int64_t nanos = 0) {
    return {1, input, output, Money::nanos(nanos)};
}

}  // namespace

TEST_CASE("what agrees is no difference", "[reconcile]") {
    auto theirs = bill({{{"2026-01-01", "gpt-4o-2024-08-06"}, line(10, 2, 7)}});
    auto ours = bill({{{"2026-01-01", "gpt-4o"}, line(10, 2, 9)},
                      {{"2026-01-02", "gpt-4o"}, line(99, 9)},
                      {{"2026-01-01", "refused"}, line(0, 0)}});
    CHECK(compare(theirs, ours, usual_rule(theirs)).empty());
}

TEST_CASE("each side's surplus is a difference", "[reconcile]") {
    auto theirs = bill({{{"2026-01-01", "a"}, line(10, 2)}, {{"2026-01-01", "b"}, line(1, 1)}});
    auto ours = bill({{{"2026-01-01", "a"}, line(10, 3)}, {{"2026-01-01", "c"}, line(5, 5)}});
    auto found = compare(theirs, ours, usual_rule(theirs));
    REQUIRE(found.size() == 3);
    CHECK(found[0].model == "a");
    CHECK(found[0].ours.output == 3);
    CHECK(found[1].model == "b");
    CHECK(found[1].ours.input == 0);
    CHECK(found[2].model == "c");
    CHECK(text_of(found[2]) ==
          "2026-01-01 c: ours 5 in, 5 out, 0.00 USD; theirs 0 in, 0 out, 0.00 USD");
}

TEST_CASE("a tolerance is a share of the provider's figure", "[reconcile]") {
    auto theirs = bill({{{"2026-01-01", "a"}, line(1000, 0)}});
    auto ours = bill({{{"2026-01-01", "a"}, line(1010, 0)}});
    Rule rule = usual_rule(theirs);
    CHECK(compare(theirs, ours, rule).size() == 1);
    rule.tolerance_millionths = 10'000;
    CHECK(compare(theirs, ours, rule).empty());
    rule.tolerance_millionths = 9'999;
    CHECK(compare(theirs, ours, rule).size() == 1);
}

TEST_CASE("a bill without tokens is compared by its cost, one without models by the day",
          "[reconcile]") {
    Bill theirs;
    theirs.has_cost = true;
    REQUIRE(theirs.add("2026-01-01", "", {0, 0, 0, Money::nanos(30)}));
    auto ours =
        bill({{{"2026-01-01", "a"}, line(5, 5, 10)}, {{"2026-01-01", "b"}, line(5, 5, 20)}});
    CHECK(compare(theirs, ours, usual_rule(theirs)).empty());
    REQUIRE(theirs.add("2026-01-01", "", {0, 0, 0, Money::nanos(1)}));
    auto found = compare(theirs, ours, usual_rule(theirs));
    REQUIRE(found.size() == 1);
    CHECK(found[0].ours.cost == Money::nanos(30));
}
