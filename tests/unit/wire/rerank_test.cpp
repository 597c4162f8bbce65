#include "core/wire/form.hpp"
#include "core/wire/json.hpp"
#include "tests/support/recordings.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::wire;

namespace {

const std::string request =
    R"({"model":"m","query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true)";

Json must_be(const Result<std::string>& text) {
    if (!text)
        FAIL(text.error().message);
    return Json::parse(*text);
}

}  // namespace

TEST_CASE("a ranking is asked of Voyage in its own words", "[wire]") {
    auto body = must_be(voyage_rerank.request(request + R"(,"truncation":true})"));
    CHECK(body == Json::parse(R"({"model":"m","query":"q","documents":["a","b"],"top_k":1,)"
                              R"("truncation":true})"));
    auto refused = voyage_rerank.request(request + R"(,"max_tokens_per_doc":5})");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().param == "max_tokens_per_doc");
}

TEST_CASE("Voyage's ranking comes back as results, with the documents asked for", "[wire]") {
    auto body = must_be(voyage_rerank.reply(
        R"({"object":"list","data":[{"index":1,"relevance_score":0.5}],"model":"rerank-2",)"
        R"("usage":{"total_tokens":26}})",
        request + "}"));
    CHECK(body["results"].size() == 1);
    CHECK(body["results"][0]["index"] == 1);
    CHECK(body["results"][0]["document"]["text"] == "b");
    CHECK(body["usage"]["total_tokens"] == 26);
    for (const auto* bad : {"{", "[]", R"({"data":[{}]})", R"({"results":[]})"})
        CHECK_FALSE(voyage_rerank.reply(bad, request + "}"));
}

TEST_CASE("Cohere is sent texts only, and documents are put back for it", "[wire]") {
    auto sent = must_be(cohere_rerank.request(request + R"(,"max_tokens_per_doc":5})"));
    CHECK(sent == Json::parse(R"({"model":"m","query":"q","documents":["a","b"],"top_n":1,)"
                              R"("max_tokens_per_doc":5})"));
    auto body =
        must_be(cohere_rerank.reply(R"({"id":"x","results":[{"index":0,"relevance_score":0.9}],)"
                                    R"("meta":{"billed_units":{"search_units":1}}})",
                                    request + "}"));
    CHECK(body["results"][0]["document"]["text"] == "a");
    CHECK(body["meta"]["billed_units"]["search_units"] == 1);
    CHECK_FALSE(cohere_rerank.reply(R"({"results":5})", request + "}"));
}

TEST_CASE("recorded rankings of Cohere pass unchanged", "[wire]") {
    std::size_t count = 0;
    for (const auto& recording : test::recordings_of("cohere")) {
        if (recording.path.find("/rerank") == std::string::npos || recording.status != 200)
            continue;
        INFO(recording.file);
        ++count;
        CHECK(must_be(cohere_rerank.request(recording.request))["documents"] ==
              Json::parse(recording.request)["documents"]);
        CHECK(must_be(cohere_rerank.reply(recording.body, recording.request)) ==
              Json::parse(recording.body));
    }
    CHECK(count == 3);
}

TEST_CASE("bad rankings are refused by the name of the field", "[wire]") {
    struct Row {
        const char* body;
        const char* param;
    };
    for (const auto& row :
         {Row{R"({"documents":["a"]})", "query"}, Row{R"({"query":"q"})", "documents"},
          Row{R"({"query":"q","documents":[1]})", "documents[0]"},
          Row{R"({"query":"q","documents":["a"],"top_n":"x"})", "top_n"}}) {
        INFO(row.body);
        auto refused = voyage_rerank.request(row.body);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().param == row.param);
    }
}
