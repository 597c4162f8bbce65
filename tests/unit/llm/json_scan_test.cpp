#include "core/llm/json_scan.hpp"

#include <catch2/catch.hpp>

#include <string>

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

TEST_CASE("a value ends where the next token begins, or with the text", "[llm]") {
    auto value = [](std::string_view json) {
        return std::string(json.substr(0, end_of_value(json, 0)));
    };
    CHECK(value("12,") == "12");
    CHECK(value("null}") == "null");
    CHECK(value("true ]") == "true");
    CHECK(value(R"("a,\"}",1)") == R"("a,\"}")");
    CHECK(value(R"({"a":["]}",{}]},1)") == R"({"a":["]}",{}]})");
    CHECK(value(R"([[],"]"]})") == R"([[],"]"])");
    CHECK(value("12") == "12");
    CHECK(value(R"({"a":)") == R"({"a":)");
    CHECK(value(R"(["a)") == R"(["a)");
    CHECK(value("\"") == "\"");
}

TEST_CASE("each member of an object is visited, as far as it is one", "[llm]") {
    auto members = [](std::string_view json) {
        std::string out;
        each_member(json, [&](std::string_view key, std::string_view value) {
            out.append(key).append("=").append(value).append(";");
        });
        return out;
    };
    CHECK(members(R"({"a":1,"b":{"c":[2,3]},"d":"x,\"y"} "e":5)") ==
          R"(a=1;b={"c":[2,3]};d="x,\"y";)");
    CHECK(members(" {\n\t\"a\" : 1 ,\r \"b\":null } ") == "a=1;b=null;");
    CHECK(members("{}").empty());
    CHECK(members("").empty());
    CHECK(members(R"(["a"])").empty());
    CHECK(members(R"("a":1)").empty());
    CHECK(members(R"({"a":1 "b":2})") == "a=1;");
    CHECK(members(R"({"a":1,b:2})") == "a=1;");
    CHECK(members(R"({"a")").empty());
    CHECK(members(R"({"a":)").empty());
    CHECK(members(R"({"a":1)") == "a=1;");

    auto end = [](std::string_view json) {
        return each_member(json, [](std::string_view, std::string_view) {});
    };
    CHECK(end(R"({"a":1,"b":{}} "c")") == 14);
    CHECK(end(" { } ") == 4);
    CHECK(end("{}") == 2);
    for (auto json : {"", "[]", "{", R"({"a":1)", R"({"a":{"b":1})", R"({"a":1 "b":2})",
                      R"({"a":1,b:2})", R"({"a":"}")", R"({"a":1])"}) {
        INFO(json);
        CHECK(end(json) == std::string_view::npos);
    }
}
