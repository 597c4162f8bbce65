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

TEST_CASE("recorded counts and embeddings are read", "[wire][gemini][recordings]") {
    std::size_t seen = 0;
    for (const auto& recording : recordings_of("gemini")) {
        INFO(recording.file);
        if (recording.path.ends_with(":countTokens")) {
            CHECK(*wire::read_gemini_count_reply(recording.body) == 12);
            ++seen;
        }
        if (!recording.path.ends_with(":batchEmbedContents"))
            continue;
        auto request = wire::read_gemini_embedding(recording.request, "gemini-embedding-001", true);
        REQUIRE(request);
        CHECK(Any::parse(wire::gemini_embedding_body(*request, true)) ==
              Any::parse(recording.request));
        auto vectors = wire::read_gemini_embedding_reply(recording.body);
        REQUIRE(vectors);
        REQUIRE(vectors->size() == 1);
        CHECK(Any::parse(vectors->front()) ==
              Any::parse(recording.body)["embeddings"][0]["values"]);
        ++seen;
    }
    CHECK(seen == 2);
}

TEST_CASE("embeddings go there and back, one and several", "[wire][gemini]") {
    auto one = wire::read_gemini_embedding(
        R"({"content":{"parts":[{"text":"a"}]},"task_type":"RETRIEVAL_QUERY","outputDimensionality":8})",
        "m", false);
    REQUIRE(one);
    CHECK((one->texts == std::vector<std::string>{"a"} && one->task == "RETRIEVAL_QUERY" &&
           one->dimensions == 8));
    CHECK(
        Any::parse(wire::gemini_embedding_body(*one, false)) ==
        Any::parse(
            R"({"content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8})"));
    CHECK(wire::gemini_embedding_reply({"[1,2]"}, false) == R"({"embedding":{"values":[1,2]}})");
    auto many = wire::gemini_embedding_reply({"[1]", "[2.5]"}, true);
    CHECK(*wire::read_gemini_embedding_reply(many) == std::vector<std::string>{"[1]", "[2.5]"});
    CHECK(wire::read_gemini_embedding("{}", "m", false).error().param == "content");
    CHECK(wire::read_gemini_embedding(R"({"requests":[{"content":{"parts":[{"inlineData":{}}]}}]})",
                                      "m", true)
              .error()
              .param == "requests[0].content.parts");
    CHECK_FALSE(wire::read_gemini_embedding_reply(R"({"embeddings":[{}]})"));
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
