#include "core/wire/gemini_lists.hpp"
#include "tests/support/recordings.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::test;
using Any = nlohmann::json;

TEST_CASE("a count of tokens is asked for either way, and answered", "[wire][gemini]") {
    for (
        std::string body :
        {R"({"contents":[{"parts":[{"text":"a"}]}]})",
         R"({"generateContentRequest":{"model":"models/x","contents":[{"parts":[{"text":"a"}]}]}})"}) {
        auto request = wire::read_gemini_count({.body = body, .model = "m"});
        REQUIRE(request);
        CHECK(request->model == "m");
        CHECK(request->messages.size() == 1);
        auto asked = wire::gemini_count_body(*request);
        REQUIRE(asked);
        CHECK(Any::parse(*asked)["generateContentRequest"]["model"] == "models/m");
        CHECK(Any::parse(*asked)["generateContentRequest"]["contents"].size() == 1);
    }
    CHECK_FALSE(wire::read_gemini_count({.body = "[]", .model = "m"}));
    CHECK(wire::gemini_count_reply(12) == R"({"totalTokens":12})");
    CHECK(*wire::read_gemini_count_reply(wire::gemini_count_reply(12)) == 12);
    CHECK(wire::read_gemini_count_reply("{}").error().code == Code::upstream_failed);
}

TEST_CASE("a recorded count of tokens is read", "[wire][gemini][recordings]") {
    std::size_t seen = 0;
    for (const auto& recording : recordings_of("gemini"))
        if (recording.path.ends_with(":countTokens")) {
            CHECK(*wire::read_gemini_count_reply(recording.body) == 12);
            ++seen;
        }
    CHECK(seen == 1);
}

TEST_CASE("an upstream's models are named without their prefix", "[wire][gemini]") {
    auto page = wire::read_gemini_models(
        R"({"models":[{"name":"models/a"},{"name":"b"}],"nextPageToken":"t"})");
    REQUIRE(page);
    CHECK(page->names == std::vector<std::string>{"a", "b"});
    CHECK(page->page_token == "t");
    CHECK(wire::read_gemini_models("{}")->names.empty());
    CHECK_FALSE(wire::read_gemini_models("x"));
}
