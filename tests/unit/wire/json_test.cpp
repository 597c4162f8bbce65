#include "core/wire/json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::wire;

namespace {

std::string nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("members keep their order through parsing and writing", "[wire]") {
    auto value = parse_json(R"({"z":1,"a":{"y":2,"b":[1,"x"]},"m":1.5})");
    REQUIRE(value);
    CHECK(json_text(*value) == R"({"z":1,"a":{"y":2,"b":[1,"x"]},"m":1.5})");
}

TEST_CASE("what would cost too much to parse is refused before it is parsed", "[wire]") {
    CHECK(parse_json(nested(64)));
    CHECK_FALSE(parse_json(nested(65)));
    CHECK_FALSE(parse_json(nested(1'000'000)));
    std::string many = "{";
    for (int i = 0; i < 20'000; ++i)
        many += "\"k" + std::to_string(i) + "\":0,";
    auto refused = parse_json(many + "\"end\":0}");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("too many members") != std::string::npos);
    // The same commas in an array cost nothing, nor do brackets in a string.
    std::string numbers = "[0";
    for (int i = 0; i < 100'000; ++i)
        numbers += ",0";
    CHECK(parse_json(numbers + "]"));
    CHECK(parse_json("\"" + std::string(100, '[') + "\\\"[\""));
    auto crowd = "[0" + std::string(16'000'002, ' ') + "]";
    for (std::size_t i = 2; i + 1 < crowd.size(); i += 2)
        crowd.replace(i, 2, ",0");
    refused = parse_json(crowd);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("too many values") != std::string::npos);
}

TEST_CASE("text that is not JSON in UTF-8 is refused", "[wire]") {
    for (const char* text : {"", "{", "{\"a\":}", "nul", "{} {}", "\"\xC3\"", "[1,]", "1e999"})
        CHECK_FALSE(parse_json(text));
}

TEST_CASE("a member of another type than expected counts as absent", "[wire]") {
    auto value = parse_json(R"({"t":"x","n":3,"f":4.0,"b":true,"null":null,"big":1e300})");
    REQUIRE(value);
    CHECK(string_in(*value, "t") == "x");
    CHECK(string_in(*value, "n").empty());
    CHECK(int_in(*value, "n") == 3);
    CHECK(int_in(*value, "f") == 4);
    CHECK_FALSE(int_in(*value, "t"));
    CHECK_FALSE(int_in(*value, "big"));
    CHECK(true_in(*value, "b"));
    CHECK_FALSE(true_in(*value, "t"));
    CHECK(member(*value, "null") == nullptr);
    CHECK(member(*parse_json("[]"), "t") == nullptr);
}

TEST_CASE("a quoted text reads back as it was", "[wire]") {
    std::string text = "a\"b\\c\n\t\x01 \xC3\xA9/";
    std::string out;
    append_quoted(out, text);
    CHECK(parse_json(out)->get<std::string>() == text);
}
