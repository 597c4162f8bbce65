#include "cli/output/filter.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::cli;

TEST_CASE("texts come out raw and everything else as JSON", "[output]") {
    auto lines =
        jq_filter(".data[] | .name, .n, .o", R"({"data":[{"name":"a b","n":1,"o":{"x":[]}}]})");
    REQUIRE(lines);
    CHECK(*lines == "a b\n1\n{\"x\":[]}\n");
    CHECK(*jq_filter("empty", "{}") == "");
}

TEST_CASE("a filter that does not compile or fails is wrong usage", "[output]") {
    for (auto expression : {".[", ".a.b", "error(\"no\")", "nosuchfunction"}) {
        INFO(expression);
        auto lines = jq_filter(expression, R"({"a":5})");
        REQUIRE_FALSE(lines);
        CHECK(lines.error().code == Code::usage);
        CHECK(lines.error().message.starts_with("--jq: "));
    }
}

TEST_CASE("fields are kept in lists and objects, with schema and cursor", "[output]") {
    auto list = Json::parse(
        R"({"schema":"s","data":[{"a":1,"b":{"c":2,"d":3}},{"a":4}],"next_cursor":"x"})");
    CHECK(keep_fields(list, {"b.c", "a"})->dump() ==
          R"({"schema":"s","data":[{"b":{"c":2},"a":1},{"a":4}],"next_cursor":"x"})");
    auto object = Json::parse(R"({"schema":"s","a":1,"b":2})");
    CHECK(keep_fields(object, {"b"})->dump() == R"({"schema":"s","b":2})");
}

TEST_CASE("a field that no row has is wrong usage with the nearest one", "[output]") {
    auto list = Json::parse(R"({"data":[{"name":1}]})");
    auto kept = keep_fields(list, {"nam"});
    REQUIRE_FALSE(kept);
    CHECK(kept.error().hint.find("'name'") != std::string::npos);
    CHECK(keep_fields(Json::parse(R"({"data":[]})"), {"nam"}));
}
