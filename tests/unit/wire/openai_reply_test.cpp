#include "core/wire/json.hpp"
#include "core/wire/openai.hpp"
#include "core/wire/tool_fragments.hpp"
#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using namespace obliv::test;

namespace {

std::string sse(const std::vector<std::string>& events, std::string_view end = "data: [DONE]\n\n") {
    std::string out;
    for (const auto& event : events)
        out += "data: " + event + "\n\n";
    return out + std::string(end);
}

std::string delta(std::string_view what, std::string_view reason = "null") {
    return R"({"id":"i","model":"m","choices":[{"index":0,"delta":)" + std::string(what) +
           R"(,"finish_reason":)" + std::string(reason) + "}]}";
}

Result<Events> read(std::string_view body, const Cut& cut = whole()) {
    return read_reply(wire::openai, body, {.stream = true}, cut);
}

wire::WholeReply reply_to(std::string_view body) {
    auto events = read(body);
    if (!events)
        FAIL(events.error().message);
    return put_together(*events);
}

llm::ToolCall call_in(const wire::WholeReply& reply, int block) {
    const auto& part = reply.choices.at(0).blocks.at(block).part;
    REQUIRE(std::holds_alternative<llm::ToolCall>(part.what));
    return std::get<llm::ToolCall>(part.what);
}

/// A block begins once, and ends before the next one begins.
void check_in_order(const Events& events) {
    std::int32_t open = -1;
    std::int32_t last = -1;
    for (const auto& event : events) {
        bool content = std::holds_alternative<llm::TextPiece>(event.what) ||
                       std::holds_alternative<llm::ThinkingPiece>(event.what) ||
                       std::holds_alternative<llm::ToolCallBegun>(event.what) ||
                       std::holds_alternative<llm::ArgumentsPiece>(event.what);
        if (content && event.block != open) {
            CHECK(open == -1);
            CHECK(event.block == last + 1);
            open = last = event.block;
        }
        if (std::holds_alternative<llm::BlockEnded>(event.what)) {
            CHECK(event.block == open);
            open = -1;
        }
    }
    CHECK(open == -1);
}

}  // namespace

TEST_CASE("thought, text and calls are blocks, one after the other", "[wire]") {
    auto body = sse(
        {delta(R"({"role":"assistant","content":""})"), delta(R"({"reasoning_content":"h"})"),
         delta(R"({"reasoning":"m"})"), delta(R"({"content":"Hel"})"), delta(R"({"content":"lo"})"),
         delta(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]})"),
         delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]})"),
         delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]})"),
         delta(R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":""}}]})"),
         delta("{}", "\"tool_calls\""),
         R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}})"});
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    for (auto cut : {whole(), byte_by_byte(), at_random(seed)}) {
        auto events = read(body, cut);
        REQUIRE(events);
        check_in_order(*events);
        auto reply = put_together(*events);
        auto& blocks = reply.choices[0].blocks;
        REQUIRE(blocks.size() == 4);
        CHECK(blocks[0].part == llm::Part{llm::Thinking{"hm"}});
        CHECK(blocks[1].part == llm::Part{llm::Text{"Hello"}});
        CHECK(call_in(reply, 2) == llm::ToolCall{"a", "f", "{\"x\":1}"});
        CHECK(call_in(reply, 3) == llm::ToolCall{"b", "g", "{}"});
        CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
        CHECK(reply.usage->usage.input == 5);
        CHECK(reply.usage->usage.output == 7);
    }
}

TEST_CASE("calls come out whole and in order, whatever order they are sent in", "[wire]") {
    auto begin = [](int index, std::string_view id) {
        return delta(R"({"tool_calls":[{"index":)" + std::to_string(index) + R"(,"id":")" +
                     std::string(id) + R"(","function":{"name":"f)" + std::string(id) + R"("}}]})");
    };
    auto more = [](int index, std::string_view escaped) {
        return delta(R"({"tool_calls":[{"index":)" + std::to_string(index) +
                     R"(,"function":{"arguments":")" + std::string(escaped) + R"("}}]})");
    };
    SECTION("announced together, filled later") {
        auto body = sse({begin(0, "a"), begin(1, "b"), more(0, "{\\\"x\\\":"), more(1, "{}"),
                         more(0, "\\\"}\\\"}"), delta("{}", "\"tool_calls\"")});
        auto events = read(body);
        REQUIRE(events);
        check_in_order(*events);
        auto reply = put_together(*events);
        CHECK(call_in(reply, 0).arguments == "{\"x\":\"}\"}");
        CHECK(call_in(reply, 1).arguments == "{}");
    }
    SECTION("all numbered 0") {
        auto body = sse({begin(0, "a"), more(0, "{}"), begin(0, "b"), more(0, "{\\\"y\\\":2}"),
                         delta("{}", "\"tool_calls\"")});
        auto events = read(body);
        REQUIRE(events);
        check_in_order(*events);
        CHECK(call_in(put_together(*events), 1) == llm::ToolCall{"b", "fb", "{\"y\":2}"});
    }
    SECTION("without numbers or ids") {
        auto reply = reply_to(sse({delta(
            R"({"tool_calls":[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"g","arguments":{"z":1}}}]})",
            "\"stop\"")}));
        CHECK(call_in(reply, 0).name == "f");
        CHECK(call_in(reply, 1).arguments == "{\"z\":1}");
        CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
    }
    SECTION("more held back than there is room for") {
        wire::ToolFragments calls(0, 10);
        std::int32_t block = -1;
        Events out;
        CHECK(calls.take({0, "a", "f", ""}, block, out));
        CHECK(calls.take({1, "b", "g", "12345"}, block, out));
        CHECK_FALSE(calls.take({1, "", "", "678901"}, block, out));
    }
}

TEST_CASE("figures are found wherever a host puts them, the last ones count", "[wire]") {
    auto usage = R"("usage":{"prompt_tokens":3,"completion_tokens":4})";
    auto end = delta("{\"content\":\"x\"}", "\"stop\"");
    for (const auto& event : {R"({"choices":[],)" + std::string(usage) + "}",
                              R"({"choices":[{"index":0,"delta":{},)" + std::string(usage) + "}]}",
                              R"({"choices":[],"x_groq":{)" + std::string(usage) + "}}"}) {
        auto reply = reply_to(sse({end, event}));
        REQUIRE(reply.usage);
        CHECK(reply.usage->usage.input == 3);
    }
    auto reply = reply_to(sse({end, R"({"usage":{"prompt_tokens":9,"completion_tokens":9}})",
                               R"({"usage":{"prompt_tokens":0,"completion_tokens":0}})",
                               R"({"choices":[],"usage":null})"}));
    CHECK(reply.usage->usage.input == 0);
}

TEST_CASE("an error is told as one, wherever and however it comes", "[wire]") {
    for (const auto* error :
         {R"({"error":{"message":"slow down","type":"rate_limit_error","code":429}})",
          R"({"error":"slow down"})", R"({"object":"error","message":"slow down","code":400})",
          R"({"base_resp":{"status_code":1002,"status_msg":"slow down"}})",
          R"({"code":10013,"message":"slow down","sid":"x"})"}) {
        INFO(error);
        for (const auto& body :
             {std::string(error), sse({error}), sse({delta("{\"content\":\"x\"}"), error}, "")}) {
            auto reply = reply_to(body);
            REQUIRE(reply.failed);
            CHECK(reply.failed->message == "slow down");
        }
    }
    CHECK_FALSE(reply_to(sse({R"({"error":null,"choices":[]})", delta("{}", "\"stop\"")})).failed);
}

TEST_CASE("a reply that breaks off or is none is an error", "[wire]") {
    CHECK_FALSE(read(sse({delta(R"({"content":"x"})")}, "")));
    CHECK_FALSE(read(""));
    CHECK_FALSE(read("<html>no</html>"));
    CHECK_FALSE(read("data: {broken\n\n"));
    CHECK_FALSE(read("{\"choices\""));
    CHECK_FALSE(read("{\"a\":1}"));
    // A finish reason is an end, with or without [DONE].
    CHECK(read(sse({delta(R"({"content":"x"})", "\"stop\"")}, "")));
    CHECK(read(sse({delta(R"({"content":"x"})")})));
}

TEST_CASE("comments, CRLF and data of several lines carry a stream as well", "[wire]") {
    auto body = ": ping\r\n\r\nevent: x\r\ndata: {\"choices\":[{\"index\":0,\r\ndata: \"delta\":"
                "{\"content\":\"\xC3\xA9\"},\r\ndata: \"finish_reason\":\"stop\"}]}\r\n\r\n";
    for (auto cut : {whole(), byte_by_byte()}) {
        auto events = read(body, cut);
        REQUIRE(events);
        CHECK(put_together(*events).choices[0].blocks[0].part == llm::Part{llm::Text{"\xC3\xA9"}});
    }
}

TEST_CASE("an event of a megabyte is read, one over the limit is an error", "[wire]") {
    auto body = sse({delta("{\"content\":\"" + std::string(1 << 20, 'x') + "\"}", "\"stop\"")});
    CHECK(read(body, at_random(1, 5000)));
    CHECK_FALSE(read_reply(wire::openai, body, {.stream = true, .event_bytes_max = 100'000}));
}

namespace {

/// A reply with one of everything that the format can say.
Events everything() {
    auto event = [](auto what, std::int32_t block, std::int32_t choice = 0) {
        return llm::ReplyEvent{std::move(what), choice, block};
    };
    llm::Citation citation;
    citation.url = "https://a.test";
    citation.title = "A";
    citation.text_from = 0;
    citation.text_to = 2;
    llm::MediaPiece image;
    image.media.media_type = "image/png";
    image.media.data = "AAAA";
    return {event(llm::Begun{"chatcmpl-1", "upstream", 77, "default"}, 0),
            event(llm::ThinkingPiece{"hm"}, 0),
            event(llm::BlockEnded{}, 0),
            event(llm::TextPiece{"Hel"}, 1),
            event(llm::TextPiece{"lo"}, 1),
            event(llm::CitationPiece{citation}, 1),
            event(llm::BlockEnded{}, 1),
            event(image, 2),
            event(llm::BlockEnded{}, 2),
            event(llm::ToolCallBegun{"c1", "f"}, 3),
            event(llm::ArgumentsPiece{"{\"a\":"}, 3),
            event(llm::ArgumentsPiece{"1}"}, 3),
            event(llm::ProofPiece{{"gemini", "sig"}}, 3),
            event(llm::BlockEnded{}, 3),
            event(llm::ToolCallBegun{"c2", "sql", true}, 4),
            event(llm::ArgumentsPiece{"select"}, 4),
            event(llm::BlockEnded{}, 4),
            event(llm::RefusalPiece{"No."}, 0, 1),
            event(llm::BlockEnded{}, 0, 1),
            event(llm::LogProbs{R"([{"token":"x"}])"}, 1),
            event(llm::Finished{llm::Finish::tool_calls, "x"}, 0),
            event(llm::Finished{llm::Finish::length, "x"}, 0, 1),
            event(llm::UsageReport{{.input = 5, .cache_read = 2, .output = 3, .reasoning = 1}}, 0)};
}

/// Blocks in the order in which they came, whatever their numbers.
std::vector<wire::WholeReply::Block> blocks_of(const wire::WholeReply& reply, int choice) {
    std::vector<wire::WholeReply::Block> out;
    for (const auto& [number, block] : reply.choices.at(choice).blocks) {
        out.push_back(block);
        if (auto* text = std::get_if<llm::Text>(&out.back().part.what))
            for (auto& citation : text->citations)
                citation.raw.clear();
    }
    return out;
}

}  // namespace

TEST_CASE("what is written is read back", "[wire]") {
    auto events = everything();
    auto said = put_together(events);
    for (bool stream : {true, false}) {
        wire::WriteOptions options{.stream = stream, .model = "asked", .request_id = "r1"};
        auto body = written_reply(wire::openai, events, options);
        auto reply = reply_to(body);
        INFO(body);
        CHECK(reply.begun.id == "chatcmpl-1");
        CHECK(reply.begun.model == "asked");
        CHECK(reply.begun.created == 77);
        CHECK(reply.usage->usage == said.usage->usage);
        REQUIRE(reply.choices.size() == 2);
        CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
        CHECK(reply.choices[1].finished->reason == llm::Finish::length);
        CHECK(reply.choices[0].logprobs == R"([{"token":"x"}])");
        CHECK(blocks_of(reply, 0) == blocks_of(said, 0));
        CHECK(blocks_of(reply, 1) == blocks_of(said, 1));
    }
}

TEST_CASE("a stream tells its figures only if they were asked for", "[wire]") {
    wire::WriteOptions options{.stream = true, .usage = false, .model = "m", .request_id = "r1"};
    auto body = written_reply(wire::openai, everything(), options);
    CHECK(body.find("usage") == std::string::npos);
    CHECK(body.ends_with("data: [DONE]\n\n"));
}

TEST_CASE("what the provider does not name gets a name", "[wire]") {
    Events events{{llm::ToolCallBegun{"", "f"}, 0, 0},
                  {llm::ArgumentsPiece{"{}"}, 0, 0},
                  {llm::ToolCallBegun{"", "f"}, 0, 1},
                  {llm::ArgumentsPiece{"{}"}, 0, 1},
                  {llm::Finished{llm::Finish::tool_calls}, 0, 0}};
    for (bool stream : {true, false}) {
        wire::WriteOptions options{.stream = stream, .model = "m", .request_id = "r1", .now = 99};
        auto reply = reply_to(written_reply(wire::openai, events, options));
        CHECK(reply.begun.id == "chatcmpl-r1");
        CHECK(reply.begun.created == 99);
        CHECK(call_in(reply, 0).id == "call_r1_0_0");
        CHECK(call_in(reply, 1).id == "call_r1_0_1");
    }
}

TEST_CASE("a broken stream ends with an error event and no [DONE]", "[wire]") {
    auto writer = wire::openai.new_writer({.stream = true, .model = "m", .request_id = "r"});
    std::string out;
    writer->write({llm::TextPiece{"x"}}, out);
    writer->fail(fail(Code::upstream_failed, "gone"), out);
    auto reply = reply_to(out);
    REQUIRE(reply.failed);
    CHECK(reply.failed->message == "gone");
    CHECK(out.find("[DONE]") == std::string::npos);
}
