#include "core/llm/json_scan.hpp"

#include <catch2/catch.hpp>

using namespace obliv::llm;

TEST_CASE("a key is found with its value, and never inside a string", "[llm]") {
    std::string_view json = R"({"text":"say \"usage\":{1} usage","usage" : {"a":"}\"{"}})";
    auto at = find_value(json, "usage");
    REQUIRE(at != std::string_view::npos);
    CHECK(object_at(json, at) == R"({"a":"}\"{"})");
    CHECK(find_value(json, "usag") == std::string_view::npos);
    CHECK(find_value(json, "usage", at) == std::string_view::npos);
    CHECK(find_value(R"(["usage"])", "usage") == std::string_view::npos);
    CHECK(find_value("", "usage") == std::string_view::npos);
    CHECK(find_value("\"usage\"", "usage") == std::string_view::npos);
}

TEST_CASE("an object that does not end is no object", "[llm]") {
    CHECK(object_at(R"({"a":{"b":1})", 0).empty());
    CHECK(object_at(R"({"a":"}")", 0).empty());
    CHECK(object_at("{", 0).empty());
    CHECK(object_at("{}", 0) == "{}");
}

TEST_CASE("a string ends at its own quote", "[llm]") {
    CHECK(string_at(R"("a\"b"c)", 0) == R"(a\"b)");
    CHECK(string_at(R"("a\\"c)", 0) == R"(a\\)");
    CHECK(string_at(R"("open)", 0) == "open");
    CHECK(string_at("\"", 0).empty());
}
