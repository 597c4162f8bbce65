#include "core/llm/sse.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/json.hpp"
#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::llm;
using namespace obliv::test;
using wire::Json;

namespace {

std::string event(const std::string& json) {
    auto value = Json::parse(json);
    return "event: " + value["type"].get<std::string>() + "\ndata: " + value.dump() + "\n\n";
}

std::string start(const std::string& usage = R"({"input_tokens":5,"output_tokens":1})") {
    return event(R"({"type":"message_start","message":{"id":"msg_1","model":"m","content":[],
        "usage":)" +
                 usage + "}}");
}

std::string ending(const std::string& usage = R"({"output_tokens":9})",
                   const std::string& reason = "end_turn") {
    return event(R"({"type":"message_delta","delta":{"stop_reason":")" + reason + R"("},"usage":)" +
                 usage + "}") +
           event(R"({"type":"message_stop"})");
}

Usage usage_of(const std::string& first, const std::string& last) {
    auto events = read_reply(wire::anthropic, start(first) + ending(last), {.stream = true});
    REQUIRE(events);
    auto reply = put_together(*events);
    REQUIRE(reply.usage);
    return reply.usage->usage;
}

/// A stream as clients see it: its events' JSON in their order.
std::vector<Json> sent(const std::string& stream) {
    std::vector<Json> out;
    llm::SseDecoder decoder(1U << 20);
    auto sink = [&](const SseEvent& event) {
        out.push_back(Json::parse(event.data));
        CHECK(out.back()["type"] == event.event);
    };
    REQUIRE(decoder.feed(stream, sink));
    return out;
}

template <typename T>
ReplyEvent in_block(std::int32_t block, T what) {
    return {std::move(what), 0, block};
}

std::vector<Json> sent(const Events& events) {
    wire::WriteOptions options{.stream = true, .model = "called", .request_id = "req-1"};
    return sent(written_reply(wire::anthropic, events, options));
}

std::vector<std::string> types(const std::vector<Json>& events) {
    std::vector<std::string> out;
    for (const auto& event : events)
        out.push_back(event["type"].get<std::string>());
    return out;
}

}  // namespace

TEST_CASE("later figures of usage replace earlier ones, zeros too, and absent ones stay",
          "[wire]") {
    auto usage = usage_of(R"({"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1})",
                          R"({"input_tokens":6,"cache_read_input_tokens":0,"output_tokens":9})");
    CHECK(usage.input == 6);
    CHECK(usage.cache_read == 0);
    CHECK(usage.output == 9);
    usage = usage_of(R"({"input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1})",
                     R"({"input_tokens":null,"output_tokens":2})");
    CHECK(usage.input == 5);
    CHECK(usage.cache_read == 7);
}

TEST_CASE("what the split of cache writes leaves over is charged as five minutes", "[wire]") {
    auto usage = usage_of(R"({"input_tokens":1,"output_tokens":1,"cache_creation_input_tokens":30,
        "cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20}})",
                          R"({"cache_creation_input_tokens":100,"output_tokens":1})");
    CHECK(usage.cache_write_1h == 20);
    CHECK(usage.cache_write_5m == 80);
    usage = usage_of(R"({"cache_creation":{"ephemeral_5m_input_tokens":10,
        "ephemeral_1h_input_tokens":20}})",
                     R"({"output_tokens":1})");
    CHECK(usage.cache_write_1h == 20);
    CHECK(usage.cache_write_5m == 10);
    usage = usage_of(R"({"cache_creation":{"ephemeral_1h_input_tokens":20}})",
                     R"({"cache_creation_input_tokens":0})");
    CHECK(usage.cache_write_1h == 0);
}

TEST_CASE("thought is a part of the output", "[wire]") {
    auto usage = usage_of("{}", R"({"output_tokens":10,
        "output_tokens_details":{"thinking_tokens":4}})");
    CHECK(usage.output == 6);
    CHECK(usage.reasoning == 4);
    usage = usage_of("{}", R"({"output_tokens":-5,"input_tokens":1e300})");
    CHECK(usage == Usage{});
}

TEST_CASE("every reason to stop has its class", "[wire]") {
    const std::pair<const char*, Finish> cases[] = {
        {"end_turn", Finish::stop},         {"stop_sequence", Finish::stop},
        {"max_tokens", Finish::length},     {"model_context_window_exceeded", Finish::length},
        {"tool_use", Finish::tool_calls},   {"pause_turn", Finish::paused},
        {"refusal", Finish::refused},       {"compaction", Finish::other},
        {"something_newer", Finish::other},
    };
    for (const auto& [word, reason] : cases) {
        INFO(word);
        auto events = read_reply(wire::anthropic, start() + ending("{}", word), {.stream = true});
        REQUIRE(events);
        auto reply = put_together(*events);
        CHECK(reply.choices[0].finished->reason == reason);
        CHECK(reply.choices[0].finished->raw == word);
    }
}

TEST_CASE("a call without arguments has an empty object of them", "[wire]") {
    auto block = event(R"({"type":"content_block_start","index":0,"content_block":
        {"type":"tool_use","id":"a","name":"f","input":{}}})");
    auto stop = event(R"({"type":"content_block_stop","index":0})");
    auto empty = event(R"({"type":"content_block_delta","index":0,
        "delta":{"type":"input_json_delta","partial_json":""}})");
    for (const auto& body : {block + stop, block + empty + stop, block}) {
        auto events = read_reply(wire::anthropic, start() + body + ending(), {.stream = true});
        REQUIRE(events);
        auto reply = put_together(*events);
        CHECK(std::get<ToolCall>(reply.choices[0].blocks[0].part.what).arguments == "{}");
    }
}

TEST_CASE("a stream that breaks off or is none is an error", "[wire]") {
    auto full = start() + ending();
    CHECK(read_reply(wire::anthropic, full, {.stream = true}));
    CHECK(!read_reply(wire::anthropic, start(), {.stream = true}));
    CHECK(!read_reply(wire::anthropic, "", {.stream = true}));
    CHECK(!read_reply(wire::anthropic, "data: hello\n\n", {.stream = true}));
    CHECK(!read_reply(wire::anthropic, R"({"type":"message","content":[)", {}));
    CHECK(!read_reply(wire::anthropic, "[]", {}));
    CHECK(!read_reply(wire::anthropic, "<html>", {}));
    CHECK(!read_reply(wire::anthropic, start() + event(R"({"type":"ping"})"),
                      {.stream = true, .event_bytes_max = 16}));
}

TEST_CASE("an error in the stream ends it and is told as what it is", "[wire]") {
    auto error = event(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})");
    auto events = read_reply(wire::anthropic, start() + error, {.stream = true}, byte_by_byte());
    REQUIRE(events);
    auto reply = put_together(*events);
    REQUIRE(reply.failed);
    CHECK(reply.failed->code == Code::rate_limited);
    CHECK(reply.failed->message == "slow");
    auto plain =
        read_reply(wire::anthropic,
                   R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})", {});
    REQUIRE(plain);
    CHECK(put_together(*plain).failed->code == Code::upstream_failed);
}

TEST_CASE("one document is read where a stream was asked for", "[wire]") {
    auto body = R"({"type":"message","id":"i","model":"m","content":[{"type":"text","text":"hi"}],
        "stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}})";
    auto events = read_reply(wire::anthropic, body, {.stream = true}, byte_by_byte());
    REQUIRE(events);
    auto reply = put_together(*events);
    CHECK(std::get<Text>(reply.choices[0].blocks[0].part.what).text == "hi");
}

TEST_CASE("an event of a megabyte passes", "[wire]") {
    std::string text(1U << 20, 'x');
    auto body = start() + event(R"({"type":"content_block_start","index":0,
                    "content_block":{"type":"text","text":""}})") +
                event(R"({"type":"content_block_delta","index":0,"delta":
                    {"type":"text_delta","text":")" +
                      text + R"("}})") +
                ending();
    auto events = read_reply(wire::anthropic, body, {.stream = true}, at_random(5, 4096));
    REQUIRE(events);
    auto reply = put_together(*events);
    CHECK(std::get<Text>(reply.choices[0].blocks[0].part.what).text == text);
}

TEST_CASE("a reply of another provider is written as Anthropic's events", "[wire]") {
    Events events;
    events.push_back({Begun{"chatcmpl-1", "gpt", 0, {}}});
    events.push_back(in_block(0, ThinkingPiece{"hm"}));
    events.push_back(in_block(0, ProofPiece{{"gemini", "p="}, false, {}}));
    events.push_back(in_block(0, BlockEnded{}));
    events.push_back(in_block(1, TextPiece{"Hel"}));
    events.push_back(in_block(1, TextPiece{"lo"}));
    events.push_back({Finished{Finish::stop, "stop", {}, {}}});
    Usage usage;
    usage.input = 3;
    usage.cache_read = 4;
    usage.output = 5;
    usage.reasoning = 6;
    events.push_back({UsageReport{usage}});
    auto out = sent(events);
    CHECK(types(out) == std::vector<std::string>{
                            "message_start", "content_block_start", "content_block_delta",
                            "content_block_delta", "content_block_stop", "content_block_start",
                            "content_block_delta", "content_block_delta", "content_block_stop",
                            "message_delta", "message_stop"});
    CHECK(out[0]["message"]["model"] == "called");
    CHECK(out[3]["delta"]["signature"] == "gemini:p=");
    CHECK(out[9]["delta"]["stop_reason"] == "end_turn");
    CHECK(out[9]["usage"]["input_tokens"] == 3);
    CHECK(out[9]["usage"]["cache_read_input_tokens"] == 4);
    CHECK(out[9]["usage"]["output_tokens"] == 11);
}

TEST_CASE("interleaved pieces of two calls come one call after the other", "[wire]") {
    Events events;
    events.push_back(in_block(0, ToolCallBegun{"a", "f"}));
    events.push_back(in_block(1, ToolCallBegun{"b", "g"}));
    events.push_back(in_block(0, ArgumentsPiece{"{\"x\":"}));
    events.push_back(in_block(1, ArgumentsPiece{"{\"y\":"}));
    events.push_back(in_block(2, ToolCallBegun{"c", "h"}));
    events.push_back(in_block(0, ArgumentsPiece{"1}"}));
    events.push_back(in_block(1, ArgumentsPiece{"2}"}));
    events.push_back({Finished{Finish::tool_calls, "tool_calls", {}, {}}});
    wire::WriteOptions options{.stream = true, .model = "m", .request_id = "r"};
    auto again = read_reply(wire::anthropic, written_reply(wire::anthropic, events, options),
                            {.stream = true});
    REQUIRE(again);
    auto reply = put_together(*again);
    REQUIRE(reply.choices[0].blocks.size() == 3);
    auto call = [&](std::int32_t block) {
        return std::get<ToolCall>(reply.choices[0].blocks[block].part.what);
    };
    CHECK(call(0).arguments == "{\"x\":1}");
    CHECK(call(1).id == "b");
    CHECK(call(1).arguments == "{\"y\":2}");
    CHECK(call(2).arguments == "{}");
    CHECK(reply.choices[0].finished->reason == Finish::tool_calls);
}

TEST_CASE("the end of a reply comes from finish() alone", "[wire]") {
    auto writer = wire::anthropic.new_writer({.stream = true, .model = "m", .request_id = "r"});
    std::string out;
    writer->write({TextPiece{"hi"}}, out);
    writer->write({BlockEnded{}}, out);
    writer->write({Finished{}}, out);
    writer->write({UsageReport{}}, out);
    CHECK(out.find("message_delta") == std::string::npos);
    CHECK(out.find("\"text\":\"hi\"") != std::string::npos);
    std::string end;
    writer->finish(end);
    CHECK(types(sent(end)) == std::vector<std::string>{"message_delta", "message_stop"});

    auto broken = wire::anthropic.new_writer({.stream = true, .model = "m", .request_id = "r"});
    std::string failed;
    broken->fail(fail(Code::upstream_failed, "broke off"), failed);
    CHECK(sent(failed)[0]["error"]["type"] == "api_error");
}

TEST_CASE("classes of ends have words of Anthropic's", "[wire]") {
    const std::pair<Finish, const char*> cases[] = {
        {Finish::stop, "end_turn"},       {Finish::length, "max_tokens"},
        {Finish::tool_calls, "tool_use"}, {Finish::filtered, "refusal"},
        {Finish::refused, "refusal"},     {Finish::paused, "pause_turn"},
        {Finish::fault, "end_turn"},      {Finish::other, "end_turn"},
    };
    for (const auto& [reason, word] : cases) {
        INFO(word);
        auto out = sent(Events{{Finished{reason, "", {}, {}}}});
        CHECK(out[1]["delta"]["stop_reason"] == word);
    }
    auto hit = sent(Events{{Finished{Finish::stop, "stop", "END", {}}}});
    CHECK(hit[1]["delta"]["stop_reason"] == "stop_sequence");
    CHECK(hit[1]["delta"]["stop_sequence"] == "END");
    auto refused = sent(Events{{RefusalPiece{"no"}}, {Finished{Finish::stop, "stop", {}, {}}}});
    CHECK(refused.back()["type"] == "message_stop");
    CHECK(refused[4]["delta"]["stop_reason"] == "refusal");
}

TEST_CASE("citations of other formats get Anthropic's shape", "[wire]") {
    Citation page;
    page.kind = Citation::Kind::pages;
    page.document = 0;
    page.from = 2;
    page.to = 3;
    page.title = "T";
    page.cited_text = "c";
    Citation link;
    link.url = "https://example.test";
    link.raw = R"({"type":"url_citation"})";
    auto out = sent(Events{{TextPiece{"x"}}, {CitationPiece{page}}, {CitationPiece{link}}});
    CHECK(out[3]["delta"]["citation"] ==
          Json::parse(R"({"type":"page_location","cited_text":"c","document_index":0,
              "document_title":"T","start_page_number":2,"end_page_number":3})"));
    CHECK(out[4]["delta"]["citation"]["type"] == "web_search_result_location");
    CHECK(out[4]["delta"]["citation"]["url"] == "https://example.test");
}

TEST_CASE("a plain reply is one message", "[wire]") {
    Media image;
    image.data = "QUJD";
    image.media_type = "image/png";
    Events events{{Begun{"", "gpt", 0, {}}},
                  in_block(0, TextPiece{"hi"}),
                  in_block(1, ToolCallBegun{"a b", "f"}),
                  in_block(1, ArgumentsPiece{"{\"x\":1}"}),
                  in_block(2, MediaPiece{image}),
                  {Finished{Finish::tool_calls, "tool_calls", {}, {}}}};
    auto body = Json::parse(
        written_reply(wire::anthropic, events, {.model = "called", .request_id = "req-1"}));
    CHECK(body["id"] == "msg_req-1");
    CHECK(body["type"] == "message");
    CHECK(body["content"][0]["text"] == "hi");
    CHECK(body["content"][1]["input"]["x"] == 1);
    CHECK(body["content"][2]["text"] == "![](data:image/png;base64,QUJD)");
    CHECK(body["stop_reason"] == "tool_use");
    CHECK(body["stop_sequence"].is_null());
    CHECK(body["usage"]["output_tokens"] == 0);
}
