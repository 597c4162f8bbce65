#include "cli/sim/documents.hpp"

#include "cli/sim/format.hpp"
#include "cli/sim/plan.hpp"
#include "cli/sim/reply.hpp"
#include "cli/sim/wire_stream.hpp"
#include "core/base/encoding.hpp"
#include "core/http/chunked.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/responses.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::sim;
using nlohmann::json;

namespace {

Result<Call> call_of(std::string_view path, const std::string& body) {
    auto asked = asked_by(path);
    REQUIRE(asked);
    return read_call(*asked, body);
}

Plan plan_of(std::string_view path, const std::string& body) {
    auto call = call_of(path, body);
    if (!call)
        FAIL(call.error().message);
    Options options;
    options.ttft = options.itl = milliseconds(0);
    auto plan = make_plan(options, *call, 7);
    plan.format = asked_by(path)->format;
    return plan;
}

json document_of(std::string_view path, const std::string& body) {
    return json::parse(completion_body(plan_of(path, body)));
}

/// The payload of a streamed reply.
std::string streamed(Plan plan) {
    std::string chunks;
    auto stream = new_stream(std::move(plan));
    while (stream->next(chunks) == Stream::Next::more) {
    }
    std::string out;
    http::ChunkedDecoder decoder;
    std::string_view rest = chunks;
    while (!rest.empty() && !decoder.done()) {
        auto step = decoder.next(rest);
        REQUIRE(step);
        out += step->payload;
        rest.remove_prefix(step->consumed);
    }
    CHECK(decoder.done());
    return out;
}

wire::WholeReply read_by(const wire::Wire& wire, const std::string& body) {
    auto reader = wire.new_reader({});
    std::vector<llm::ReplyEvent> events;
    REQUIRE(reader->feed(body, events));
    REQUIRE(reader->finish(events));
    wire::WholeReply reply;
    for (const auto& event : events)
        add_event(reply, event);
    return reply;
}

double product(const json& a, const json& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i].get<double>() * b[i].get<double>();
    return sum;
}

}  // namespace

TEST_CASE("OpenAI's other formats of a chat are played both ways, with exact usage", "[sim]") {
    struct Row {
        const char* path;
        const wire::Wire& wire;
        std::string body;
    };
    for (
        const auto& row :
        {Row{"/v1/responses", wire::responses,
             R"({"model":"m","input":"two words [[sim:tokens=3]]")"},
         Row{"/v1/completions", wire::completions,
             R"({"model":"m","prompt":"two words [[sim:tokens=3]]","stream_options":{"include_usage":true})"}}) {
        for (bool stream : {false, true}) {
            INFO(row.path << (stream ? " streamed" : ""));
            auto plan = plan_of(row.path, row.body + (stream ? R"(,"stream":true})" : "}"));
            auto reply = read_by(row.wire, stream ? streamed(plan) : wire_body(plan));
            CHECK(std::get<llm::Text>(reply.choices[0].blocks.begin()->second.part.what).text ==
                  "lorem ipsum dolor");
            CHECK(reply.choices[0].finished->reason == llm::Finish::stop);
            REQUIRE(reply.usage);
            CHECK(reply.usage->usage.input == 3 + tokens_per_message);
            CHECK(reply.usage->usage.output == 3);
        }
    }
}

TEST_CASE("a completion's usage is streamed only to who asked for it", "[sim]") {
    auto quiet =
        streamed(plan_of("/v1/completions", R"({"model":"m","prompt":"p","stream":true})"));
    CHECK(quiet.find("prompt_tokens") == std::string::npos);
}

TEST_CASE("embeddings of texts with common words are near each other", "[sim]") {
    auto reply = document_of("/v1/embeddings",
                             R"({"model":"e","input":["the red fox","the red dog","blue sea"]})");
    REQUIRE(reply["data"].size() == 3);
    const auto& first = reply["data"][0]["embedding"];
    CHECK(first.size() == 64);
    CHECK(product(first, first) == Approx(1.0).margin(1e-5));
    CHECK(product(first, reply["data"][1]["embedding"]) >
          product(first, reply["data"][2]["embedding"]));
    CHECK(reply["usage"]["prompt_tokens"] == 8);
}

TEST_CASE("embeddings come as floats in base64 when asked for", "[sim]") {
    std::string body = R"({"model":"e","input":"a b","dimensions":8)";
    auto plain = document_of("/v1/embeddings", body + "}")["data"][0]["embedding"];
    auto coded = document_of("/v1/embeddings", body + R"(,"encoding_format":"base64"})")["data"][0];
    auto bytes = from_base64(coded["embedding"].get<std::string>());
    REQUIRE(bytes);
    REQUIRE(bytes->size() == 8 * sizeof(float));
    float number = 0;
    std::memcpy(&number, bytes->data() + sizeof(float), sizeof(float));
    CHECK(number == Approx(plain[1].get<float>()));
}

TEST_CASE("rerank puts the document with most of the query first", "[sim]") {
    auto reply = document_of("/v1/rerank",
                             R"({"model":"r","query":"red fox","top_n":2,"return_documents":true,)"
                             R"("documents":["sea","a red fox",{"text":"red"}]})");
    REQUIRE(reply["results"].size() == 2);
    CHECK(reply["results"][0]["index"] == 1);
    CHECK(reply["results"][0]["relevance_score"] == 1.0);
    CHECK(reply["results"][1]["document"]["text"] == "red");
    CHECK(reply["meta"]["billed_units"]["search_units"] == 1);
}

TEST_CASE("moderation flags what the mark says", "[sim]") {
    auto reply =
        document_of("/v1/moderations", R"({"input":["nice","not [[sim:flag]]"]})")["results"];
    CHECK(reply[0]["flagged"] == false);
    CHECK(reply[1]["flagged"] == true);
    CHECK(reply[1]["categories"]["violence"] == true);
}

TEST_CASE("bad requests of every format are refused by the name of the field", "[sim]") {
    struct Row {
        const char* path;
        const char* body;
        const char* param;
    };
    for (const auto& row :
         {Row{"/v1/responses", R"({"input":"x"})", "model"},
          Row{"/v1/completions", R"({"model":"m","prompt":1})", "prompt"},
          Row{"/v1/embeddings", R"({"model":"m"})", "input"},
          Row{"/v1/embeddings", R"({"model":"m","input":"a","dimensions":0})", "dimensions"},
          Row{"/v1/rerank", R"({"model":"m","query":"q"})", "documents"}}) {
        INFO(row.body);
        auto call = call_of(row.path, row.body);
        REQUIRE_FALSE(call);
        CHECK(call.error().param == row.param);
    }
}

TEST_CASE("Google and Cohere are played with the same vectors as OpenAI", "[sim]") {
    auto openai = document_of("/v1/embeddings", R"({"model":"m","input":"Hello","dimensions":8})");
    const auto& vector = openai["data"][0]["embedding"];
    CHECK(document_of(
              "/v1beta/models/m:embedContent",
              R"({"content":{"parts":[{"text":"Hello"}]},"outputDimensionality":8})")["embedding"]
                                                                                     ["values"] ==
          vector);
    auto batch = document_of("/v1beta/models/m:batchEmbedContents", R"({"requests":[
        {"model":"models/m","content":{"parts":[{"text":"Hello"}]},"outputDimensionality":8},
        {"model":"models/m","content":{"parts":[{"text":"x"}]}}]})");
    CHECK(batch["embeddings"][0]["values"] == vector);
    CHECK(batch["embeddings"][1]["values"].size() == 64);
    auto cohere = document_of("/v2/embed", R"({"model":"m","texts":["Hello"],"output_dimension":8,
        "input_type":"search_query","embedding_types":["float"]})");
    CHECK(cohere["embeddings"]["float"][0] == vector);
    CHECK(cohere["meta"]["billed_units"]["input_tokens"] == 1);
    CHECK_FALSE(call_of("/v2/embed", R"({"model":"m","texts":["a"],"input":"a"})"));
    CHECK_FALSE(call_of("/v1beta/models/m:batchEmbedContents", R"({"requests":[{"content":{}}]})"));
    CHECK(call_of("/v1beta/models/m%2Fn:embedContent", R"({"content":{}})")->chat.model == "m/n");
}
