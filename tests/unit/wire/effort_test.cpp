#include "core/wire/effort.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::wire;

TEST_CASE("a word of effort and its number of tokens mean the same", "[wire]") {
    for (const char* word : {"low", "medium", "high"}) {
        CAPTURE(word);
        CHECK(effort_of_budget(*budget_of_effort(word)) == word);
    }
    CHECK(budget_of_effort("minimal") == 1024);
    CHECK(!budget_of_effort("none"));
    CHECK(!budget_of_effort("colossal"));
    CHECK(effort_of_budget(0) == "none");
    CHECK(effort_of_budget(-1) == "medium");
    CHECK(effort_of_budget(1024) == "low");
    CHECK(effort_of_budget(200'000) == "high");
}

TEST_CASE("effort is found however it was asked for", "[wire]") {
    llm::Reasoning reasoning;
    CHECK(effort_of(reasoning).empty());
    CHECK(!thinks(reasoning));
    reasoning.enabled = true;
    CHECK(effort_of(reasoning) == "medium");
    reasoning.budget_tokens = 30'000;
    CHECK(effort_of(reasoning) == "high");
    reasoning.effort = "max";
    CHECK(effort_of(reasoning) == "max");
    CHECK(thinks(reasoning) == true);
    reasoning.enabled = false;
    CHECK(effort_of(reasoning) == "none");
    CHECK(thinks(reasoning) == false);
}
