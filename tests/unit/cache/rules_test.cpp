#include "daemon/cache/rules.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::cache;

TEST_CASE("the token's word goes before the model's, and the first model that fits counts",
          "[cache]") {
    Rules rules;
    rules.limits.entries = 10;
    rules.models = {
        {"gpt-4o-mini", CacheUse::off}, {"gpt-4o*", CacheUse::exact}, {"*", CacheUse::semantic}};
    storage::Token token;
    CHECK(rules.use_of(token, "gpt-4o-mini") == CacheUse::off);
    CHECK(rules.use_of(token, "gpt-4o") == CacheUse::exact);
    CHECK(rules.use_of(token, "gpt-4o-2024") == CacheUse::exact);
    CHECK(rules.use_of(token, "gpt-4") == CacheUse::semantic);
    token.cache = CacheUse::off;
    CHECK(rules.use_of(token, "gpt-4o") == CacheUse::off);
    token.cache = CacheUse::exact;
    CHECK(rules.use_of(token, "gpt-4o-mini") == CacheUse::exact);
    rules.limits.entries = 0;
    CHECK(rules.use_of(token, "gpt-4o-mini") == CacheUse::off);
}

TEST_CASE("nobody's answers are given again unless somebody asked for it", "[cache]") {
    Rules rules;
    rules.limits.entries = 10;
    CHECK(rules.use_of(storage::Token{}, "gpt-4o") == CacheUse::off);
}
