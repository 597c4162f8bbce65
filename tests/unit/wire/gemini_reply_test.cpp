// Replies in Gemini's format: what Google sends, and what clients are sent.
#include "core/wire/gemini.hpp"
#include "core/wire/json.hpp"
#include "tests/support/recordings.hpp"
#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using namespace obliv::test;
using Any = nlohmann::json;

namespace {

wire::WholeReply read(std::string_view body) {
    auto events = read_reply(wire::gemini, body, {.stream = true});
    if (!events)
        FAIL(events.error().message);
    return put_together(*events);
}

std::string why_not(std::string_view body) {
    auto events = read_reply(wire::gemini, body, {.stream = true});
    REQUIRE_FALSE(events);
    CHECK(events.error().code == Code::upstream_failed);
    return events.error().message;
}

std::string event(const std::string& candidate) {
    return R"(data: {"candidates":[)" + candidate + "]}\r\n\r\n";
}

/// What two replies have to have in common after one was written and read again.
void check_same(const wire::WholeReply& ours, const wire::WholeReply& theirs) {
    REQUIRE(ours.choices.size() == theirs.choices.size());
    for (const auto& [index, choice] : theirs.choices) {
        const auto& other = ours.choices.at(index);
        auto parts = [](const wire::WholeReply::Choice& from) {
            std::vector<llm::Part> out;
            for (const auto& [number, block] : from.blocks)
                if (const auto* opaque = std::get_if<llm::Opaque>(&block.part.what);
                    opaque == nullptr || !opaque->json.starts_with(R"({"candidate")"))
                    out.push_back(block.part);
            return out;
        };
        // The last chunk of a stream has an empty text, which is none.
        auto mine = parts(other);
        CHECK(mine == parts(choice));
        REQUIRE(other.finished);
        CHECK(other.finished->raw == choice.finished->raw);
        CHECK(other.finished->reason == choice.finished->reason);
    }
    CHECK(ours.usage.has_value() == theirs.usage.has_value());
    if (ours.usage && theirs.usage) {
        CHECK(ours.usage->usage == theirs.usage->usage);
        CHECK(Any::parse(ours.usage->raw) == Any::parse(theirs.usage->raw));
    }
    CHECK(ours.begun.id == theirs.begun.id);
}

wire::WriteOptions streamed(bool stream, bool array) {
    wire::WriteOptions options;
    options.stream = stream;
    options.json_array = array;
    return options;
}

Any written(const Events& events, wire::WriteOptions options = {}) {
    return Any::parse(written_reply(wire::gemini, events, options));
}

}  // namespace

TEST_CASE("what is written of a recorded reply reads as the reply", "[wire][gemini][recordings]") {
    std::size_t seen = 0;
    for (std::string_view provider : {"gemini", "vertex"})
        for (const auto& recording : recordings_of(provider)) {
            if (recording.status != 200 ||
                recording.body.find("\"candidates\"") == std::string::npos)
                continue;
            INFO(recording.file);
            auto events = read_reply(wire::gemini, recording.body, {});
            REQUIRE(events);
            for (bool stream : {false, true})
                for (bool array : {false, true}) {
                    INFO("stream " << stream << ", as an array " << array);
                    auto options = streamed(stream, array);
                    check_same(read(written_reply(wire::gemini, *events, options)),
                               put_together(*events));
                }
            ++seen;
        }
    CHECK(seen > 70);
}

TEST_CASE("a stream as a JSON array is read as it comes, however it is cut", "[wire][gemini]") {
    std::string body =
        "[" + event(R"({"content":{"parts":[{"text":"a ] \" } b"}]}})").substr(6) + ",\r\n" +
        event(R"({"content":{"parts":[{"text":"ü"}]},"finishReason":"STOP"})").substr(6) + "]";
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    for (auto cut : {whole(), byte_by_byte(), at_random(seed, 7)}) {
        auto events = read_reply(wire::gemini, body, {}, cut);
        REQUIRE(events);
        auto reply = put_together(*events);
        CHECK(std::get<llm::Text>(reply.choices[0].blocks[0].part.what).text == "a ] \" } bü");
    }
    auto reader = wire::gemini.new_reader({});
    Events events;
    REQUIRE(reader->feed(std::string_view(body).substr(0, body.find(",\r\n")), events));
    CHECK(std::holds_alternative<llm::TextPiece>(events.back().what));
}

TEST_CASE("a reply that broke off is an error", "[wire][gemini]") {
    auto begun = event(R"({"content":{"parts":[{"text":"a"}]}})");
    CHECK(why_not(begun).find("broke off") != std::string::npos);
    CHECK(why_not(R"({"candidates":[{"content":)").find("broke off") != std::string::npos);
    CHECK(why_not("").find("no candidate") != std::string::npos);
    CHECK(why_not("data: {\"usageMetadata\":{}}\n\n").find("no candidate") != std::string::npos);
    CHECK(why_not("data: nonsense\n\n").find("JSON") != std::string::npos);
    CHECK(why_not(event(R"({"index":4096,"finishReason":"STOP"})")).find("candidate") !=
          std::string::npos);
    auto large = read_reply(wire::gemini, event("\"" + std::string(3000, 'x') + "\""),
                            {.stream = true, .event_bytes_max = 1000});
    CHECK_FALSE(large);
}

TEST_CASE("an error in place of a reply is told, with when to come again", "[wire][gemini]") {
    std::string error =
        R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"key AIzaSyA0123456789012345678901234567890123",
        "details":[{"@type":"x"},{"@type":"y","retryDelay":"34.4s"}]}})";
    for (const auto& body :
         {error, "[" + error + "]", "data: " + Any::parse(error).dump() + "\n\n"}) {
        auto reply = read(body);
        REQUIRE(reply.failed);
        CHECK(reply.failed->code == Code::rate_limited);
        CHECK(reply.failed->retry_after == std::chrono::seconds(34));
        CHECK(reply.failed->message.find("AIzaSy") == std::string::npos);
    }
}

TEST_CASE("a prompt that was blocked ends as filtered, and is told as Google does",
          "[wire][gemini]") {
    std::string body =
        R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}})";
    auto events = read_reply(wire::gemini, body, {});
    REQUIRE(events);
    auto reply = put_together(*events);
    CHECK(reply.choices[0].finished->reason == llm::Finish::filtered);
    auto again = written(*events);
    CHECK(again["promptFeedback"]["blockReason"] == "SAFETY");
    CHECK_FALSE(again.contains("candidates"));
    // From elsewhere there is only the class.
    auto other = written({{llm::Finished{llm::Finish::filtered, "content_filter"}}});
    CHECK(other["candidates"][0]["finishReason"] == "SAFETY");
}

TEST_CASE("figures come in several chunks: later ones replace, zeros too, absent ones stay",
          "[wire][gemini]") {
    auto reply = read(
        R"(data: {"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"thoughtsTokenCount":7}})"
        "\n\n"
        R"(data: {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"candidatesTokenCount":6,"thoughtsTokenCount":0}})"
        "\n\n");
    REQUIRE(reply.usage);
    CHECK(reply.usage->usage.input == 9);
    CHECK(reply.usage->usage.output == 6);
    CHECK(reply.usage->usage.reasoning == 0);
}

TEST_CASE("figures of usage add up to the provider's own", "[wire][gemini]") {
    auto reply = read(
        R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":40,
"candidatesTokenCount":9,"thoughtsTokenCount":5,"toolUsePromptTokenCount":7,"totalTokenCount":121,
"promptTokensDetails":[{"modality":"TEXT","tokenCount":50},{"modality":"AUDIO","tokenCount":30},{"modality":"IMAGE","tokenCount":20}],
"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":10}],"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":4}]}})");
    REQUIRE(reply.usage);
    llm::Usage expected;
    expected.input = 27;
    expected.cache_read = 40;
    expected.audio_in = 20;
    expected.image_in = 20;
    expected.output = 5;
    expected.audio_out = 4;
    expected.reasoning = 5;
    CHECK(reply.usage->usage == expected);
    CHECK(expected.input_all() == 107);
}

TEST_CASE("sources are told by characters, whatever bytes they begin at", "[wire][gemini]") {
    auto reply = read(
        R"({"candidates":[{"content":{"parts":[{"text":"äö says"}]},"finishReason":"STOP","groundingMetadata":{
        "groundingChunks":[{"web":{"uri":"https://x.test","title":"X"}}],
        "groundingSupports":[{"segment":{"startIndex":5,"endIndex":9},"groundingChunkIndices":[0]}]}}]})");
    const auto& text = std::get<llm::Text>(reply.choices[0].blocks[0].part.what);
    REQUIRE(text.citations.size() == 1);
    CHECK(text.citations[0].url == "https://x.test");
    CHECK((text.citations[0].text_from == 3 && text.citations[0].text_to == 7));

    llm::Citation citation;
    citation.url = "https://y.test";
    citation.text_from = 3;
    citation.text_to = 7;
    auto out =
        written({{llm::TextPiece{"äö says"}}, {llm::CitationPiece{citation}}, {llm::Finished{}}});
    auto segment = out["candidates"][0]["groundingMetadata"]["groundingSupports"][0]["segment"];
    CHECK(segment == Any::parse(R"({"startIndex":5,"endIndex":9,"text":"says"})"));
}

TEST_CASE("a stream for a client has a chunk for each piece and ends with the figures",
          "[wire][gemini]") {
    auto writer =
        wire::gemini.new_writer({.stream = true, .usage = true, .model = "m", .request_id = "r"});
    CHECK(writer->content_type().starts_with("text/event-stream"));
    std::string out;
    writer->write({llm::Begun{"id1", "other"}}, out);
    CHECK(out.empty());
    writer->write({llm::TextPiece{"Hi"}}, out);
    CHECK(out == "data: "
                 "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}],\"role\":\"model\"},"
                 "\"index\":0}],"
                 "\"modelVersion\":\"m\",\"responseId\":\"id1\"}\r\n\r\n");
    out.clear();
    // A call is told when its arguments are whole.
    writer->write({llm::ToolCallBegun{"c", "f"}, 0, 1}, out);
    writer->write({llm::ArgumentsPiece{"{\"a\":"}, 0, 1}, out);
    writer->write({llm::ArgumentsPiece{"1}"}, 0, 1}, out);
    CHECK(out.empty());
    writer->write({llm::BlockEnded{}, 0, 1}, out);
    CHECK(out.find(R"("functionCall":{"id":"c","name":"f","args":{"a":1}})") != std::string::npos);
    out.clear();
    writer->write({llm::Finished{llm::Finish::tool_calls, "tool_calls"}}, out);
    llm::Usage usage;
    usage.input = 3;
    usage.output = 2;
    writer->write({llm::UsageReport{usage, R"({"prompt_tokens":3})"}}, out);
    CHECK(out.empty());
    writer->finish(out);
    auto last = Any::parse(out.substr(6));
    CHECK(last["candidates"][0]["finishReason"] == "STOP");
    CHECK(last["candidates"][0]["content"]["parts"].size() == 1);
    CHECK(last["usageMetadata"]["totalTokenCount"] == 5);
    CHECK_FALSE(last["usageMetadata"].contains("prompt_tokens"));
}

TEST_CASE("a broken stream ends in Google's shape", "[wire][gemini]") {
    for (bool array : {false, true}) {
        auto writer = wire::gemini.new_writer(streamed(true, array));
        std::string out;
        writer->write({llm::TextPiece{"Hi"}}, out);
        writer->fail(fail(Code::upstream_failed, "gone"), out);
        writer->finish(out);
        auto reply = read(out);
        REQUIRE(reply.failed);
        CHECK(reply.failed->message == "gone");
    }
}

TEST_CASE("arguments that are no object are a malformed call, as Google says it",
          "[wire][gemini]") {
    auto call = [](std::string arguments, llm::Finish finish) {
        return written({{llm::ToolCallBegun{"c", "f"}},
                        {llm::ArgumentsPiece{std::move(arguments)}},
                        {llm::BlockEnded{}},
                        {llm::Finished{finish}}})["candidates"][0];
    };
    auto broken = call(R"({"a":)", llm::Finish::tool_calls);
    CHECK(broken["finishReason"] == "MALFORMED_FUNCTION_CALL");
    CHECK(broken["finishMessage"].get<std::string>().find(R"({"a":)") != std::string::npos);
    CHECK(call(R"({"a":)", llm::Finish::length)["finishReason"] == "MAX_TOKENS");
    CHECK(call("", llm::Finish::tool_calls)["content"]["parts"][0]["functionCall"]["args"] ==
          Any::object());
    CHECK(call("null", llm::Finish::tool_calls)["finishReason"] == "STOP");
}

TEST_CASE("another provider's proof travels in a signature and comes back as it was",
          "[wire][gemini]") {
    auto out = written({{llm::ThinkingPiece{"hm"}},
                        {llm::ProofPiece{{"anthropic", "sig=="}}},
                        {llm::BlockEnded{}},
                        {llm::ThinkingPiece{""}, 0, 1},
                        {llm::ProofPiece{{"anthropic", "hidden"}, true}, 0, 1},
                        {llm::BlockEnded{}, 0, 1},
                        {llm::Finished{}}});
    Any body{{"contents", Any::array({out["candidates"][0]["content"]})}};
    auto request = wire::gemini.read_request({body.dump(), "m"});
    REQUIRE(request);
    const auto& parts = request->messages[0].content;
    REQUIRE(parts.size() == 2);
    const auto& thought = std::get<llm::Thinking>(parts[0].what);
    CHECK(thought.text == "hm");
    CHECK(thought.proof == llm::Proof{"anthropic", "sig=="});
    CHECK_FALSE(thought.redacted);
    CHECK(std::get<llm::Thinking>(parts[1].what).redacted);
    // Google is not shown what it would refuse.
    auto written = wire::gemini.write_request(*request, {});
    REQUIRE(written);
    CHECK(written->body.find("thoughtSignature") == std::string::npos);
}

TEST_CASE("a path of arguments that leads nowhere is an error, not a heap of memory",
          "[wire][gemini]") {
    for (std::string path : {"$[999999999]", "x", "$", "$.a[", "$['a", "$.a[1].b", "$..a"}) {
        INFO(path);
        Any call{{"name", "f"},
                 {"willContinue", true},
                 {"partialArgs", Any::array({{{"jsonPath", path}, {"numberValue", 1}}})}};
        Any body{
            {"candidates",
             Any::array({{{"content", {{"parts", Any::array({{{"functionCall", call}}})}}}}})}};
        CHECK_FALSE(read_reply(wire::gemini, body.dump(), {}));
    }
}

TEST_CASE("pieces of arguments of every kind find their place", "[wire][gemini]") {
    Any pieces =
        Any::array({{{"jsonPath", "$.n"}, {"numberValue", 3.0}},
                    {{"jsonPath", "$.b"}, {"boolValue", true}},
                    {{"jsonPath", "$.z"}, {"nullValue", "NULL_VALUE"}},
                    {{"jsonPath", "$['a b'][0]"}, {"stringValue", "x"}, {"willContinue", true}},
                    {{"jsonPath", "$['a b'][0]"}, {"stringValue", "y"}},
                    {{"jsonPath", "$['a b'][1]"}, {"numberValue", 0.5}}});
    Any call{{"name", "f"}, {"partialArgs", pieces}};
    Any candidate{{"content", {{"parts", Any::array({{{"functionCall", call}}})}}},
                  {"finishReason", "STOP"}};
    auto reply = read(Any{{"candidates", Any::array({candidate})}}.dump());
    const auto& read_call = std::get<llm::ToolCall>(reply.choices[0].blocks[0].part.what);
    CHECK(Any::parse(read_call.arguments) ==
          Any::parse(R"({"n":3,"b":true,"z":null,"a b":["xy",0.5]})"));
    CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
}
