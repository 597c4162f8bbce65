// Replies of the Responses API: what the writer makes of events that other formats bring, and what
// the reader makes of streams that are not as they should be.
#include "core/wire/json.hpp"
#include "core/wire/responses.hpp"
#include "core/wire/responses_wire.hpp"
#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::test;
using wire::Json;

namespace {

wire::WriteOptions options(bool stream) {
    wire::WriteOptions out;
    out.stream = stream;
    out.model = "m";
    out.request_id = "r1";
    out.now = 7;
    return out;
}

std::vector<Json> events_of(std::string_view stream) {
    std::vector<Json> out;
    std::size_t at = 0;
    while ((at = stream.find("data: ", at)) != std::string_view::npos) {
        auto end = stream.find('\n', at);
        out.push_back(Json::parse(stream.substr(at + 6, end - at - 6)));
        at = end;
    }
    return out;
}

std::vector<std::string> types_of(const std::vector<Json>& events) {
    std::vector<std::string> out;
    for (const auto& event : events)
        out.push_back(event["type"]);
    return out;
}

/// Thought, text, two calls side by side: as Anthropic and OpenAI chat bring them.
Events turn() {
    return {{llm::Begun{"msg_1", "up", 5}},
            {llm::ThinkingPiece{"hm"}, 0, 0},
            {llm::ProofPiece{{"anthropic", "SIG"}, false}, 0, 0},
            {llm::BlockEnded{}, 0, 0},
            {llm::TextPiece{"hel"}, 0, 1},
            {llm::TextPiece{"lo"}, 0, 1},
            {llm::BlockEnded{}, 0, 1},
            {llm::ToolCallBegun{"c1", "f"}, 0, 2},
            {llm::ToolCallBegun{"c2", "g"}, 0, 3},
            {llm::ArgumentsPiece{"{\"a\""}, 0, 2},
            {llm::ArgumentsPiece{"{\"b\":2}"}, 0, 3},
            {llm::ArgumentsPiece{":1}"}, 0, 2},
            {llm::BlockEnded{}, 0, 2},
            {llm::BlockEnded{}, 0, 3},
            {llm::Finished{llm::Finish::tool_calls}},
            {llm::UsageReport{{.input = 10, .cache_read = 4, .output = 3, .reasoning = 2}}}};
}

}  // namespace

TEST_CASE("a stream of Responses events is told in the order that SDKs expect", "[wire]") {
    auto events = events_of(written_reply(wire::responses, turn(), options(true)));
    CHECK(types_of(events) ==
          std::vector<std::string>{
              "response.created", "response.in_progress",
              // The thought.
              "response.output_item.added", "response.content_part.added",
              "response.reasoning_text.delta", "response.reasoning_text.done",
              "response.content_part.done", "response.output_item.done",
              // The text: the message goes on until something else begins.
              "response.output_item.added", "response.content_part.added",
              "response.output_text.delta", "response.output_text.delta",
              "response.output_text.done", "response.content_part.done",
              "response.output_item.done",
              // The calls.
              "response.output_item.added", "response.output_item.added",
              "response.function_call_arguments.delta", "response.function_call_arguments.delta",
              "response.function_call_arguments.delta", "response.function_call_arguments.done",
              "response.output_item.done", "response.function_call_arguments.done",
              "response.output_item.done", "response.completed"});
    for (std::size_t i = 0; i < events.size(); ++i)
        CHECK(events[i]["sequence_number"] == i);
    const auto& response = events.back()["response"];
    CHECK(response["id"] == "resp_r1");
    CHECK(response["created_at"] == 5);
    CHECK(response["model"] == "m");
    CHECK(response["status"] == "completed");
    REQUIRE(response["output"].size() == 4);
    CHECK(response["output"][1]["content"][0]["text"] == "hello");
    CHECK(response["output"][2]["arguments"] == "{\"a\":1}");
    CHECK(response["output"][3]["arguments"] == "{\"b\":2}");
    CHECK(response["usage"]["input_tokens"] == 14);
    CHECK(response["usage"]["output_tokens"] == 5);
    CHECK(response["usage"]["output_tokens_details"]["reasoning_tokens"] == 2);
    // The document says the same as the end of the stream.
    CHECK(Json::parse(written_reply(wire::responses, turn(), options(false))) == response);
}

TEST_CASE("proofs of other formats come back with the client's next turn", "[wire]") {
    Events events = {{llm::Begun{}},
                     {llm::ThinkingPiece{"hm"}, 0, 0},
                     {llm::ProofPiece{{"anthropic", "SIG.1"}, false}, 0, 0},
                     {llm::BlockEnded{}, 0, 0},
                     {llm::ToolCallBegun{"c.1", "f"}, 0, 1},
                     {llm::ProofPiece{{"gemini", "TS"}, false}, 0, 1},
                     {llm::BlockEnded{}, 0, 1},
                     {llm::Finished{}}};
    auto response = Json::parse(written_reply(wire::responses, events, options(false)));
    Json next = {{"model", "m"}, {"input", response["output"]}};
    auto request = wire::responses.read_request({next.dump()});
    REQUIRE(request);
    REQUIRE(request->messages.size() == 1);
    const auto& parts = request->messages[0].content;
    REQUIRE(parts.size() == 2);
    CHECK(std::get<llm::Thinking>(parts[0].what).proof == llm::Proof{"anthropic", "SIG.1"});
    CHECK(std::get<llm::Thinking>(parts[0].what).text == "hm");
    CHECK(std::get<llm::ToolCall>(parts[1].what).proof == llm::Proof{"gemini", "TS"});
    CHECK(std::get<llm::ToolCall>(parts[1].what).arguments == "{}");
}

TEST_CASE("a sealed proof that somebody has tampered with is a proof of the API's own", "[wire]") {
    for (const auto* text : {"oblivious.", "oblivious.x", "oblivious.x.", "oblivious.x.9.abc",
                             "oblivious.x.-1.abc", "oblivious.x.99999999999999999999.a"}) {
        INFO(text);
        auto opened = wire::opened_proof(text);
        CHECK(opened.proof == llm::Proof{"responses", text});
        CHECK(opened.call_id.empty());
    }
}

TEST_CASE("a reply that was cut short is incomplete", "[wire]") {
    for (auto [reason, word] : {std::pair{llm::Finish::length, "max_output_tokens"},
                                std::pair{llm::Finish::filtered, "content_filter"}}) {
        Events events = {{llm::TextPiece{"a"}}, {llm::Finished{reason}}};
        auto response = Json::parse(written_reply(wire::responses, events, options(false)));
        CHECK(response["status"] == "incomplete");
        CHECK(response["incomplete_details"]["reason"] == word);
        CHECK(response["output"][0]["status"] == "incomplete");
        auto again = read_reply(wire::responses, response.dump(), {});
        REQUIRE(again);
        CHECK(put_together(*again).choices[0].finished->reason == reason);
    }
}

TEST_CASE("citations, images and refusals of other formats have places in a response", "[wire]") {
    llm::Citation web;
    web.url = "https://x.test";
    web.title = "X";
    web.text_from = 1;
    web.text_to = 3;
    llm::Media image;
    image.media_type = "image/webp";
    image.data = "QQ==";
    Events events = {{llm::TextPiece{"abc"}, 0, 0},     {llm::CitationPiece{web}, 0, 0},
                     {llm::BlockEnded{}, 0, 0},         {llm::MediaPiece{image}, 0, 1},
                     {llm::RefusalPiece{"no"}, 0, 2},   {llm::BlockEnded{}, 0, 2},
                     {llm::Finished{llm::Finish::stop}}};
    for (bool stream : {true, false}) {
        auto again = read_reply(wire::responses,
                                written_reply(wire::responses, events, options(stream)), {});
        REQUIRE(again);
        auto reply = put_together(*again);
        auto& blocks = reply.choices[0].blocks;
        REQUIRE(blocks.size() == 3);
        auto text = std::get<llm::Text>(blocks[0].part.what);
        REQUIRE(text.citations.size() == 1);
        CHECK(text.citations[0].url == web.url);
        CHECK(text.citations[0].text_to == 3);
        CHECK(std::get<llm::Media>(blocks[1].part.what) == image);
        CHECK(std::get<llm::Refusal>(blocks[2].part.what).text == "no");
        CHECK(reply.choices[0].finished->reason == llm::Finish::refused);
    }
}

TEST_CASE("the response repeats what was asked", "[wire]") {
    auto request = wire::responses.read_request(
        {R"({"model":"m","input":"secret","instructions":"I","temperature":0.5,"stream":true,)"
         R"("tools":[{"type":"function","name":"f"}],"metadata":{"k":"v"}})"});
    REQUIRE(request);
    auto with = options(false);
    with.request = &*request;
    auto text = written_reply(wire::responses, {{llm::Finished{}}}, with);
    auto response = Json::parse(text);
    CHECK(response["instructions"] == "I");
    CHECK(response["temperature"] == 0.5);
    CHECK(response["tools"][0]["name"] == "f");
    CHECK(response["metadata"]["k"] == "v");
    CHECK(text.find("secret") == std::string::npos);
}

TEST_CASE("a failure is an event in both shapes that SDKs know", "[wire]") {
    auto writer = wire::responses.new_writer(options(true));
    std::string out;
    writer->write({llm::Begun{}}, out);
    out.clear();
    writer->fail(fail(Code::upstream_failed, "broke off"), out);
    CHECK(out.starts_with("event: error\n"));
    auto event = events_of(out).at(0);
    CHECK(event["type"] == "error");
    CHECK(event["message"] == "broke off");
    CHECK(event["error"]["message"] == "broke off");
    CHECK(event["sequence_number"] == 2);
}

TEST_CASE("a Responses stream that ends early, or with an error, is not taken for whole",
          "[wire]") {
    std::string created = "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n";
    CHECK_FALSE(read_reply(wire::responses, created, {}));
    CHECK_FALSE(read_reply(wire::responses, "", {}));
    for (
        const auto* tail :
        {R"({"type":"error","code":"rate_limit_exceeded","message":"slow sk-abcdefghijklmnopqrstuvwx"})",
         R"({"type":"error","error":{"code":"rate_limit_exceeded","message":"slow"}})",
         R"({"type":"response.failed","response":{"status":"failed","error":)"
         R"({"code":"rate_limit_exceeded","message":"slow"}}})"}) {
        auto events = read_reply(wire::responses, created + "data: " + tail + "\n\n", {});
        REQUIRE(events);
        auto failed = put_together(*events).failed;
        REQUIRE(failed);
        CHECK(failed->code == Code::rate_limited);
        CHECK(failed->message.find("slow") == 0);
        CHECK(failed->message.find("abcdefghijkl") == std::string::npos);
    }
}

TEST_CASE("items that come only whole, or only at the end, are read all the same", "[wire]") {
    std::string body =
        "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n"
        "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\","
        "\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\","
        "\"text\":\"whole\"}]},{\"type\":\"function_call\",\"call_id\":\"c\","
        "\"name\":\"f\",\"arguments\":\"{}\"}],\"usage\":null}}\n\ndata: [DONE]\n\n";
    auto events = read_reply(wire::responses, body, {});
    REQUIRE(events);
    auto reply = put_together(*events);
    CHECK(std::get<llm::Text>(reply.choices[0].blocks[0].part.what).text == "whole");
    CHECK(std::get<llm::ToolCall>(reply.choices[0].blocks[1].part.what).arguments == "{}");
    CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
    CHECK_FALSE(reply.usage);
}

TEST_CASE("an event of a megabyte is read, one over the limit refused", "[wire]") {
    std::string text(1U << 20, 'x');
    Events events = {{llm::TextPiece{text}}, {llm::Finished{}}};
    auto body = written_reply(wire::responses, events, options(true));
    auto again = read_reply(wire::responses, body, {}, at_random(3, 1U << 16));
    REQUIRE(again);
    CHECK(std::get<llm::Text>(put_together(*again).choices[0].blocks[0].part.what).text == text);
    wire::ReadOptions small;
    small.event_bytes_max = 1U << 16;
    CHECK_FALSE(read_reply(wire::responses, body, small));
}

TEST_CASE("the parts of a Responses reply are bounded", "[wire]") {
    auto reader = wire::responses.new_reader({});
    Events events;
    Result<void> fed = ok();
    for (int i = 0; fed && i < 100'000; ++i)
        fed = reader->feed("data: {\"type\":\"response.output_item.added\",\"output_index\":" +
                               std::to_string(i) + ",\"item\":{\"type\":\"message\"}}\n\n",
                           events);
    CHECK_FALSE(fed);
}
