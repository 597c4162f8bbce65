#include "core/wire/json.hpp"
#include "core/wire/plain.hpp"
#include "tests/support/recordings.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::wire;

namespace {

const std::string request =
    R"({"model":"m","query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true)";

llm::PlainRequest ranking(const std::string& body) {
    auto read = jina_ranking.read_request({body});
    if (!read)
        FAIL(read.error().message);
    return *read;
}

Json must_be(const Result<WrittenRequest>& written) {
    if (!written)
        FAIL(written.error().message);
    return Json::parse(written->body);
}

/// A provider's reply as the client of `asked` sees it.
Json answered(const PlainForm& form, const std::string& reply, const llm::PlainRequest& asked) {
    auto read = form.read_reply(reply, asked);
    if (!read)
        FAIL(read.error().message);
    return Json::parse(jina_ranking.write_reply(*read, asked, {"mine"}));
}

}  // namespace

TEST_CASE("a ranking is asked of Voyage in its own words", "[wire]") {
    auto written = voyage_ranking.write_request(ranking(request + R"(,"truncation":true})"));
    CHECK(must_be(written) ==
          Json::parse(R"({"model":"m","query":"q","documents":["a","b"],"top_k":1,)"
                      R"("truncation":true})"));
    CHECK(written->losses.empty());
    auto lossy = voyage_ranking.write_request(ranking(request + R"(,"max_tokens_per_doc":5})"));
    REQUIRE(lossy);
    REQUIRE(lossy->losses.size() == 1);
    CHECK(lossy->losses[0].field == "max_tokens_per_doc");
}

TEST_CASE("Voyage's ranking comes back as results, with the documents asked for", "[wire]") {
    auto asked = ranking(request + "}");
    auto reply = R"({"object":"list","data":[{"index":1,"relevance_score":0.5}],)"
                 R"("model":"rerank-2","usage":{"total_tokens":26}})";
    auto body = answered(voyage_ranking, reply, asked);
    CHECK(body["results"].size() == 1);
    CHECK(body["results"][0]["index"] == 1);
    CHECK(body["results"][0]["document"]["text"] == "b");
    CHECK(body["model"] == "mine");
    CHECK(body["usage"]["total_tokens"] == 26);
    CHECK(voyage_ranking.read_reply(reply, asked)->usage->input == 26);
    for (const auto* bad : {"{", "[]", R"({"data":[{}]})", R"({"results":[]})",
                            R"({"data":[{"index":2,"relevance_score":0.5}]})",
                            R"({"data":[{"index":-1,"relevance_score":0.5}]})"})
        CHECK_FALSE(voyage_ranking.read_reply(bad, asked));
}

TEST_CASE("Cohere is sent texts only, and documents are put back for it", "[wire]") {
    auto asked = ranking(request + R"(,"max_tokens_per_doc":5})");
    CHECK(must_be(cohere_ranking.write_request(asked)) ==
          Json::parse(R"({"model":"m","query":"q","documents":["a","b"],"top_n":1,)"
                      R"("max_tokens_per_doc":5})"));
    auto body = answered(cohere_ranking,
                         R"({"id":"x","results":[{"index":0,"relevance_score":0.9}],)"
                         R"("meta":{"billed_units":{"search_units":1}}})",
                         asked);
    CHECK(body["results"][0]["document"]["text"] == "a");
    CHECK(body["id"] == "x");
    CHECK(body["meta"]["billed_units"]["search_units"] == 1);
    CHECK_FALSE(cohere_ranking.read_reply(R"({"results":5})", asked));
}

TEST_CASE("recorded rankings of Cohere come out as they went in", "[wire]") {
    std::size_t count = 0;
    for (const auto& recording : test::recordings_of("cohere")) {
        if (recording.path.find("/rerank") == std::string::npos || recording.status != 200)
            continue;
        INFO(recording.file);
        ++count;
        auto asked = ranking(recording.request);
        // As sets of members: their order is ours.
        CHECK(nlohmann::json::parse(cohere_ranking.write_request(asked)->body) ==
              nlohmann::json::parse(recording.request));
        auto body = answered(cohere_ranking, recording.body, asked);
        auto said = Json::parse(recording.body);
        CHECK(body["results"] == said["results"]);
        CHECK(body["id"] == said["id"]);
        CHECK(body["meta"] == said["meta"]);
        auto told = cohere_ranking.read_reply(recording.body, asked);
        REQUIRE(told);
        REQUIRE(told->usage);
        auto units = said["meta"]["billed_units"]["search_units"].get<std::int64_t>();
        CHECK(told->usage->searches == units);
        CHECK(told->usage->input_all() + told->usage->output_all() == 0);
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
        auto refused = jina_ranking.read_request({row.body});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().param == row.param);
    }
}
