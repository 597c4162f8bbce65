#include "core/wire/gemini_schema.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using wire::Json;

namespace {

/// The schema for Google, and whether it is in Google's own dialect.
std::pair<nlohmann::json, bool> translated(const std::string& schema) {
    Json out;
    bool own = wire::schema_to_gemini(Json::parse(schema), out);
    return {nlohmann::json::parse(out.dump()), own};
}

void check(const std::string& schema, const std::string& expected, bool own = true) {
    INFO(schema);
    auto [out, dialect] = translated(schema);
    CHECK(dialect == own);
    CHECK(out == nlohmann::json::parse(expected));
}

}  // namespace

TEST_CASE("JSON Schema is put in Google's words", "[wire][gemini]") {
    check(
        R"({"$schema":"s","type":"object","properties":{"a":{"type":"string","maxLength":3}},
              "required":["a"],"additionalProperties":false})",
        R"({"type":"OBJECT","properties":{"a":{"type":"STRING","maxLength":3}},"required":["a"]})");
    check(R"({"type":["integer","null"],"minimum":1})",
          R"({"type":"INTEGER","nullable":true,"minimum":1})");
    check(R"({"anyOf":[{"type":"string"},{"type":"null"}],"description":"d"})",
          R"({"type":"STRING","nullable":true,"description":"d"})");
    check(R"({"oneOf":[{"type":"string"},{"type":"number"}]})",
          R"({"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]})");
    check(R"({"const":"x"})", R"({"type":"STRING","enum":["x"]})");
    check(R"({"type":"string","enum":["x",null]})",
          R"({"type":"STRING","enum":["x"],"nullable":true})");
    check(R"({"type":"string","format":"email","description":"who"})",
          R"x({"type":"STRING","description":"who (format: email)"})x");
    check(R"({"type":"string","format":"date-time"})", R"({"type":"STRING","format":"date-time"})");
    check(R"({"type":"array","items":{"type":"number","multipleOf":2},"uniqueItems":true})",
          R"({"type":"ARRAY","items":{"type":"NUMBER"}})");
}

TEST_CASE("references are put in their place", "[wire][gemini]") {
    check(
        R"({"type":"object","properties":{"p":{"$ref":"#/$defs/P"}},"$defs":{"P":{"type":"integer"}}})",
        R"({"type":"OBJECT","properties":{"p":{"type":"INTEGER"}}})");
    check(R"({"allOf":[{"$ref":"#/definitions/P"}],"definitions":{"P":{"type":"integer"}}})",
          R"({"type":"INTEGER"})");
}

TEST_CASE("what Google's dialect cannot say stays JSON Schema, less what is not understood",
          "[wire][gemini]") {
    check(
        R"({"$schema":"s","type":"object","additionalProperties":{"type":"integer","multipleOf":2}})",
        R"({"type":"object","additionalProperties":{"type":"integer"}})", false);
    check(
        R"({"$ref":"#/definitions/T","definitions":{"T":{"type":"object","properties":{"t":{"$ref":"#/definitions/T"}}}}})",
        R"({"$ref":"#/$defs/T","$defs":{"T":{"type":"object","properties":{"t":{"$ref":"#/$defs/T"}}}}})",
        false);
    check(R"({"type":"array","prefixItems":[{"type":"string","x":1}]})",
          R"({"type":"array","prefixItems":[{"type":"string"}]})", false);
    check(R"({"const":5})", R"({"enum":[5]})", false);
    check(R"({"type":["string","integer"]})", R"({"type":["string","integer"]})", false);
}

TEST_CASE("a schema that would grow beyond measure when inlined is not", "[wire][gemini]") {
    // Each definition uses the next one twice: 2^30 places.
    auto schema = Json::object();
    for (int i = 0; i < 30; ++i) {
        Json next{{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
        schema["$defs"]["d" + std::to_string(i)] = {{"type", "object"},
                                                    {"properties", {{"a", next}, {"b", next}}}};
    }
    schema["$defs"]["d30"] = {{"type", "string"}};
    schema["$ref"] = "#/$defs/d0";
    Json out;
    CHECK_FALSE(wire::schema_to_gemini(schema, out));
    CHECK(out.dump().size() < 10'000);
}

TEST_CASE("Google's dialect is put in JSON Schema's words", "[wire][gemini]") {
    auto from = [](const char* schema) {
        return nlohmann::json::parse(wire::schema_from_gemini(Json::parse(schema)).dump());
    };
    CHECK(
        from(
            R"({"type":"OBJECT","properties":{"type":{"type":"ARRAY","items":{"type":"STRING"},"maxItems":"3"}},"propertyOrdering":["type"]})") ==
        nlohmann::json::parse(
            R"({"type":"object","properties":{"type":{"type":"array","items":{"type":"string"},"maxItems":3}},"propertyOrdering":["type"]})"));
    CHECK(
        from(R"({"type":"STRING","nullable":true,"enum":["a"],"example":"a"})") ==
        nlohmann::json::parse(R"({"type":["string","null"],"enum":["a",null],"examples":["a"]})"));
}
