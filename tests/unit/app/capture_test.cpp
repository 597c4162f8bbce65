#include "daemon/app/capture.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::daemon;

TEST_CASE("rules name tokens, models and beginnings of models", "[capture]") {
    CaptureRules rules;
    CHECK_FALSE(rules.any());
    rules.models = {"gpt-4*", "o1"};
    rules.tokens = {"watched"};
    CHECK(rules.any());
    relay::Record record;
    CHECK_FALSE(rules.wants(record));
    record.call.model = "gpt-4o";
    CHECK(rules.wants(record));
    record.call.model = "o1-mini";
    CHECK_FALSE(rules.wants(record));
    record.token = "watched";
    CHECK(rules.wants(record));
    record.call.model = "o1";
    record.token = "other";
    CHECK(rules.wants(record));
}
