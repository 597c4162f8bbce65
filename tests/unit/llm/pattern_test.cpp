#include "core/llm/pattern.hpp"

#include "core/base/clock.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::llm;

namespace {

bool matches(std::string_view pattern, std::string_view model) {
    auto parsed = ModelPattern::parse(pattern);
    REQUIRE(parsed);
    return parsed->matches(model);
}

void refused(std::string_view pattern, std::string_view because) {
    INFO("pattern " << pattern);
    auto parsed = ModelPattern::parse(pattern);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Code::invalid_request);
    CHECK_THAT(parsed.error().message, Catch::Contains(std::string(because)));
}

}  // namespace

TEST_CASE("an exact pattern matches its own name only", "[llm]") {
    CHECK(matches("gpt-4o", "gpt-4o"));
    CHECK_FALSE(matches("gpt-4o", "gpt-4o-mini"));
    CHECK_FALSE(matches("gpt-4o", "gpt-4"));
    CHECK_FALSE(matches("gpt-4o", "GPT-4o"));
    CHECK(matches("meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"));
    CHECK(ModelPattern::parse("gpt-4o")->kind() == ModelPattern::Kind::exact);
}

TEST_CASE("a prefix pattern matches every name that begins so", "[llm]") {
    CHECK(matches("gpt-4*", "gpt-4"));
    CHECK(matches("gpt-4*", "gpt-4o-mini"));
    CHECK_FALSE(matches("gpt-4*", "gpt-3.5"));
    CHECK(matches("*", "anything/at-all"));
    CHECK(ModelPattern::parse("gpt-4*")->kind() == ModelPattern::Kind::prefix);
}

TEST_CASE("a regular expression is found anywhere in the name", "[llm]") {
    CHECK(matches("/^gpt-.*$/", "gpt-4o"));
    CHECK_FALSE(matches("/^gpt-.*$/", "my-gpt-4o"));
    CHECK(matches("/sonnet/", "claude-3-5-sonnet-20241022"));
    CHECK(matches("/^(o1|o3)(-mini)?$/", "o3-mini"));
    CHECK_FALSE(matches("/^(o1|o3)(-mini)?$/", "o3-max"));
    CHECK(matches("/^a\\{2\\}$/", "a{2}"));
    CHECK(matches("/^[{}]+$/", "{}"));
    CHECK_FALSE(matches("/^gpt|o1$/", "xo1x"));
    CHECK(matches("/-\\d+b$/", "llama-70b"));
    CHECK(ModelPattern::parse("/x/")->kind() == ModelPattern::Kind::regex);
    CHECK(name_of(ModelPattern::Kind::regex) == "regex");
}

TEST_CASE("a pattern of no known form is refused and says why", "[llm]") {
    refused("", "must not be empty");
    refused("gpt*4", "only stand at its end");
    refused("**", "only stand at its end");
    refused("/", "between two slashes");
    refused("//", "between two slashes");
    refused("/gpt", "between two slashes");
    refused("/(/", "not a regular expression");
    refused("/[a/", "not a regular expression");
    refused("a b", "a space");
    refused(std::string_view("a\0b", 3), "a control byte");
    refused("\xff", "invalid UTF-8");
    refused(std::string(257, 'a'), "longer than 256");
    refused(std::string(129, 'a'), "1 to 128");
}

TEST_CASE("an expression that could run away is refused", "[llm]") {
    refused("/(a)\\1/", "back references");
    refused("/(?=a)b/", "look-ahead");
    refused("/(?!a)b/", "look-ahead");
    refused("/a{9}/", "repetition counts");
    refused("/((a{9}){9}){9}/", "repetition counts");
}

TEST_CASE("nested repetition costs no more than a straight one", "[llm]") {
    // With a backtracking matcher each of these takes longer than the universe has existed.
    std::string name(model_bytes_max - 1, 'a');
    name += '!';
    for (auto pattern : {"/^(a+)+$/", "/^(a|a)*$/", "/^(a*)*b/", "/^(a|aa)+$/",
                         "/^a*a*a*a*a*a*a*b$/", "/^((a?)+)+b$/"})
        CHECK_FALSE(matches(pattern, name));
}

TEST_CASE("the longest expression on the longest name stays in bounds", "[llm]") {
    std::string many = "/";
    while (many.size() + 4 < pattern_bytes_max)
        many += "a?";
    many += "b/";
    CHECK_FALSE(matches(many, std::string(model_bytes_max, 'a')));
    CHECK_FALSE(matches("/a*/", std::string(model_bytes_max + 1, 'a')));
    std::string nested = "/" + std::string(120, '(') + "a" + std::string(120, ')') + "/";
    CHECK(matches(nested, "xax"));
}

TEST_CASE("names of models have no blanks and no controls", "[llm]") {
    CHECK(check_model_name("gpt-4o"));
    CHECK(check_model_name("模型"));
    CHECK_FALSE(check_model_name(""));
    CHECK_FALSE(check_model_name("a b"));
    CHECK_FALSE(check_model_name("a\n"));
    CHECK_FALSE(check_model_name("\xc0\xaf"));
    CHECK_FALSE(check_model_name(std::string(129, 'm')));
}
