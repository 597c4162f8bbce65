#include "core/wire/cohere.hpp"
#include "tests/unit/wire/building.hpp"
#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::llm;
using namespace obliv::test;
using Json = nlohmann::ordered_json;

namespace {

const wire::WriteOptions plain{.model = "m", .request_id = "r1"};
const wire::WriteOptions stream{.stream = true, .model = "m", .request_id = "r1"};

Json document(const Events& events, const wire::WriteOptions& options = plain) {
    return Json::parse(written_reply(wire::cohere, events, options));
}

/// The events of a stream; its end has to be `[DONE]`, and each name that of its data.
std::vector<Json> sent(const Events& events, const wire::WriteOptions& options = stream) {
    auto text = written_reply(wire::cohere, events, options);
    std::vector<Json> out;
    std::string name;
    bool done = false;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.erase(0, line.size() + 1);
        if (line.starts_with("event: "))
            name = line.substr(7);
        if (line == "data: [DONE]")
            done = true;
        else if (line.starts_with("data: "))
            out.push_back(Json::parse(line.substr(6)));
        if (line.starts_with("data: {"))
            CHECK(out.back()["type"] == name);
    }
    CHECK(done);
    return out;
}

std::string kinds(const std::vector<Json>& events) {
    std::string out;
    for (const auto& event : events)
        out += event["type"].get<std::string>() + " ";
    return out;
}

const Events answer{{Begun{"id-1", "up"}},
                    {ThinkingPiece{"hm"}, 0, 0},
                    {BlockEnded{}, 0, 0},
                    {TextPiece{"Hel"}, 0, 1},
                    {TextPiece{"lo"}, 0, 1},
                    {BlockEnded{}, 0, 1},
                    {ToolCallBegun{"c1", "f"}, 0, 2},
                    {ArgumentsPiece{"{}"}, 0, 2},
                    {BlockEnded{}, 0, 2},
                    {UsageReport{Usage{.input = 5, .output = 3, .reasoning = 2}}},
                    {Finished{Finish::tool_calls}}};

}  // namespace

TEST_CASE("a reply is told in Cohere's form", "[wire][cohere]") {
    CHECK(document(answer) == Json::parse(R"({"id":"id-1","finish_reason":"TOOL_CALL","message":{
        "role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f",
        "arguments":"{}"}}],"content":[{"type":"thinking","thinking":"hm"},{"type":"text",
        "text":"Hello"}]},"usage":{"billed_units":{"input_tokens":5,"output_tokens":5},
        "tokens":{"input_tokens":5,"output_tokens":5,"reasoning_tokens":2},"cached_tokens":0}})"));
}

TEST_CASE("a stream is told in Cohere's events", "[wire][cohere]") {
    auto events = sent(answer);
    CHECK(kinds(events) ==
          "message-start content-start content-delta content-end content-start content-delta "
          "content-delta content-end tool-call-start tool-call-delta tool-call-end message-end ");
    CHECK(events[0]["id"] == "id-1");
    CHECK(events[1]["delta"]["message"]["content"]["type"] == "thinking");
    CHECK(events[1]["index"] == 0);
    CHECK(events[4]["index"] == 1);
    CHECK(events[8]["delta"]["message"]["tool_calls"]["function"]["name"] == "f");
    CHECK(events.back()["delta"]["finish_reason"] == "TOOL_CALL");
    CHECK(events.back()["delta"]["usage"]["billed_units"]["output_tokens"] == 5);
}

TEST_CASE("calls that come in turns are told one after the other", "[wire][cohere]") {
    auto events = sent({{ToolCallBegun{"c1", "f"}, 0, 0},
                        {ToolCallBegun{"c2", "g"}, 0, 1},
                        {ArgumentsPiece{"{\"a\""}, 0, 0},
                        {ArgumentsPiece{"{}"}, 0, 1},
                        {BlockEnded{}, 0, 1},
                        {ArgumentsPiece{":1}"}, 0, 0},
                        {BlockEnded{}, 0, 0},
                        {Finished{Finish::tool_calls}}});
    CHECK(kinds(events) ==
          "message-start tool-call-start tool-call-delta tool-call-delta tool-call-end "
          "tool-call-start tool-call-delta tool-call-end message-end ");
    CHECK(events[5]["index"] == 1);
    CHECK(events[5]["delta"]["message"]["tool_calls"]["id"] == "c2");
    // A call that nobody ended ends with the reply.
    CHECK(kinds(sent({{ToolCallBegun{"c1", "f"}, 0, 0}})) ==
          "message-start tool-call-start tool-call-end message-end ");
}

TEST_CASE("what a reply cites is told by the names of the request's documents", "[wire][cohere]") {
    auto request = ask("x", "cohere");
    for (auto id : {"\"first\"", ""}) {
        Media media;
        media.kind = Media::Kind::document;
        media.source = Media::Source::text;
        Part part{media};
        if (*id != '\0')
            part.extras.push_back({"id", id, true});
        request.messages[0].content.push_back(part);
    }
    auto options = plain;
    options.request = &request;
    auto cites = [](std::int64_t document) {
        Citation citation;
        citation.kind = Citation::Kind::chars;
        citation.document = document;
        citation.title = "T";
        citation.cited_text = "source";
        return citation;
    };
    Events events{{TextPiece{"\xC3\xA4nd"}, 0, 0},
                  {CitationPiece{cites(0)}, 0, 0},
                  {CitationPiece{cites(1)}, 0, 0},
                  {Finished{}}};
    auto told = document(events, options)["message"]["citations"];
    REQUIRE(told.size() == 2);
    CHECK(told[0]["end"] == 3);
    CHECK(told[0]["sources"][0]["id"] == "first");
    CHECK(told[0]["sources"][0]["document"]["text"] == "source");
    CHECK(told[1]["sources"][0]["id"] == "doc:1");
    options.stream = true;
    auto streamed = sent(events, options);
    CHECK(kinds(streamed) ==
          "message-start content-start content-delta citation-start citation-end "
          "citation-start citation-end content-end message-end ");
    CHECK(streamed[3]["delta"]["message"]["citations"] == told[0]);
}

TEST_CASE("each end has Cohere's word", "[wire][cohere]") {
    auto word = [](Finished finished) {
        return document({{std::move(finished)}})["finish_reason"].get<std::string>();
    };
    CHECK(word({Finish::stop}) == "COMPLETE");
    CHECK(word({Finish::stop, "", "END"}) == "STOP_SEQUENCE");
    CHECK(word({Finish::length}) == "MAX_TOKENS");
    CHECK(word({Finish::filtered}) == "ERROR");
    CHECK(word({Finish::refused}) == "COMPLETE");
    CHECK(word({Finish::other, "TIMEOUT"}) == "TIMEOUT");
    CHECK(word({Finish::stop, "end_turn"}) == "COMPLETE");
}

TEST_CASE("log-probabilities and failures have Cohere's form", "[wire][cohere]") {
    Events events{{TextPiece{"a"}, 0, 0},
                  {LogProbs{R"([{"token":"a","logprob":-0.5}])"}, 0, 0},
                  {Finished{}}};
    auto expected = Json::parse(R"({"token_ids":[],"text":"a","logprobs":[-0.5]})");
    CHECK(document(events)["logprobs"] == Json::array({expected}));
    CHECK(sent(events)[3]["logprobs"] == expected);

    for (const auto& options : {plain, stream}) {
        auto writer = wire::cohere.new_writer(options);
        std::string out;
        writer->fail(fail(Code::upstream_failed, "it broke"), out);
        CHECK_THAT(out, Catch::Contains(R"({"id":"r1","message":"it broke"})"));
    }
}
