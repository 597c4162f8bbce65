#include "core/wire/dashscope.hpp"
#include "tests/unit/wire/building.hpp"
#include "tests/unit/wire/feeding.hpp"
#include "tests/unit/wire/naive.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::test;

namespace {

constexpr wire::ReadOptions stream{.stream = true};

wire::WrittenRequest written(const llm::ChatRequest& request) {
    auto out = wire::dashscope.write_request(request, {});
    REQUIRE(out);
    return *out;
}

std::vector<std::string> lost(const llm::ChatRequest& request) {
    std::vector<std::string> fields;
    for (const auto& loss : written(request).losses)
        fields.push_back(loss.field);
    std::sort(fields.begin(), fields.end());
    return fields;
}

/// One event of a stream, with what the vendor puts around it.
std::string event(int number, std::string_view data) {
    return "id:" + std::to_string(number) +
           "\nevent:result\n:HTTP_STATUS/200\ndata:" + std::string(data) + "\n\n";
}

}  // namespace

TEST_CASE("a request is written in DashScope's words", "[wire][dashscope]") {
    auto request = ask("Look");
    request.messages.insert(request.messages.begin(), says(llm::Role::developer, "Be brief."));
    auto answer = says(llm::Role::assistant);
    answer.content.push_back({llm::Thinking{"hm"}});
    answer.content.push_back({llm::ToolCall{"c1", "weather", R"({"at":"here"})"}});
    request.messages.push_back(answer);
    request.messages.push_back(says(llm::Role::tool));
    request.messages.back().content = {result_of("c1", {"sun"})};
    request.tools = {function_tool("weather", R"({"type":"object"})")};
    request.tool_choice = {llm::ToolChoice::Kind::named, "weather"};
    request.parallel_tool_calls = true;
    request.output_tokens_max = 7;
    request.sampling.top_k = 3;
    request.sampling.seed = 1;
    request.sampling.stop = {"END"};
    request.reasoning.effort = "low";
    request.response_format.kind = llm::ResponseFormat::Kind::json_object;
    request.choices = 2;
    request.stream = true;
    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(out.headers ==
          std::vector<std::pair<std::string, std::string>>{{"x-dashscope-sse", "enable"}});
    CHECK(normal_json(out.body) == normal_json(R"({"model":"m","input":{"messages":[
            {"role":"system","content":"Be brief."},
            {"role":"user","content":"Look"},
            {"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","index":0,
                "function":{"name":"weather","arguments":"{\"at\":\"here\"}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"sun"}]},
        "parameters":{"result_format":"message","incremental_output":true,
            "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}],
            "tool_choice":{"type":"function","function":{"name":"weather"}},
            "parallel_tool_calls":true,"max_tokens":7,"top_k":3,"seed":1,"stop":["END"],"n":2,
            "enable_thinking":true,"thinking_budget":2048,
            "response_format":{"type":"json_object"}}})"));
    request.stream = false;
    request.reasoning.effort = "none";
    out = written(request);
    CHECK(out.headers.empty());
    CHECK(out.body.find("incremental_output") == std::string::npos);
    CHECK(out.body.find(R"("enable_thinking":false)") != std::string::npos);
    CHECK(out.body.find("thinking_budget") == std::string::npos);
}

TEST_CASE("models that see get messages of parts, others refuse pictures", "[wire][dashscope]") {
    auto request = ask("Look");
    request.messages[0].content.push_back({png("AAAA")});
    request.messages[0].content.push_back(
        {media(llm::Media::Kind::video, llm::Media::Source::url, "https://example.test/a.mp4")});
    CHECK(lost(request) ==
          std::vector<std::string>{"a video in a message", "an image in a message"});
    request.model = "qwen-vl-max";
    CHECK(lost(request).empty());
    CHECK(normal_json(written(request).body) == normal_json(R"({"model":"qwen-vl-max",
        "input":{"messages":[{"role":"user","content":[{"text":"Look"},
            {"image":"data:image/png;base64,AAAA"},{"video":"https://example.test/a.mp4"}]}]},
        "parameters":{"result_format":"message"}})"));
}

TEST_CASE("what DashScope has no word for is told", "[wire][dashscope]") {
    auto request = ask("x");
    request.messages[0].name = "Ann";
    request.tools = {function_tool("f")};
    request.tools[0].strict = true;
    request.tool_choice.kind = llm::ToolChoice::Kind::required;
    request.sampling.frequency_penalty = 0.5;
    request.sampling.logit_bias = R"({"1":2})";
    request.modalities = {"text", "audio"};
    CHECK(lost(request) == std::vector<std::string>{"frequency_penalty", "logit_bias",
                                                    "messages[].name", "modalities", "tool_choice",
                                                    "tools[].function.strict"});
}

TEST_CASE("a DashScope stream is read event by event", "[wire][dashscope]") {
    auto body =
        event(
            1,
            R"({"output":{"choices":[{"message":{"role":"assistant","content":"","reasoning_content":"so"},"finish_reason":"null"}]},"usage":{"total_tokens":12,"input_tokens":10,"output_tokens":2},"request_id":"r-1"})") +
        event(
            2,
            R"({"output":{"choices":[{"message":{"role":"assistant","content":"Hel"},"finish_reason":"null"}]},"usage":{"input_tokens":10,"output_tokens":3},"request_id":"r-1"})") +
        event(
            3,
            R"({"output":{"choices":[{"message":{"role":"assistant","content":"lo","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\""}}]},"finish_reason":"null"}]},"usage":{"input_tokens":10,"output_tokens":4},"request_id":"r-1"})") +
        event(
            4,
            R"({"output":{"choices":[{"message":{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"","type":"function","function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]},"usage":{"input_tokens":10,"output_tokens":9,"prompt_tokens_details":{"cached_tokens":4},"output_tokens_details":{"reasoning_tokens":2}},"request_id":"r-1"})");
    for (auto cut : {whole(), byte_by_byte(), at_random(7)}) {
        auto events = read_reply(wire::dashscope, body, stream, cut);
        REQUIRE(events);
        auto reply = put_together(*events);
        CHECK(reply.begun.id == "r-1");
        auto& blocks = reply.choices[0].blocks;
        REQUIRE(blocks.size() == 3);
        CHECK(blocks[0].part == llm::Part{llm::Thinking{"so"}});
        CHECK(blocks[1].part == llm::Part{llm::Text{"Hello"}});
        CHECK(blocks[2].part == llm::Part{llm::ToolCall{"c1", "f", R"({"a":1})"}});
        CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
        CHECK(reply.usage->usage ==
              llm::Usage{.input = 6, .cache_read = 4, .output = 7, .reasoning = 2});
    }
}

TEST_CASE("a DashScope reply may be of parts, and counts pictures", "[wire][dashscope]") {
    auto events = read_reply(
        wire::dashscope,
        R"({"output":{"choices":[{"finish_reason":"length","message":{"role":"assistant","content":[{"text":"A cat"}]}}]},"usage":{"input_tokens":30,"output_tokens":2,"image_tokens":20},"request_id":"r"})",
        {});
    REQUIRE(events);
    auto reply = put_together(*events);
    CHECK(reply.choices[0].blocks[0].part == llm::Part{llm::Text{"A cat"}});
    CHECK(reply.choices[0].finished->reason == llm::Finish::length);
    CHECK(reply.usage->usage == llm::Usage{.input = 10, .image_in = 20, .output = 2});
}

TEST_CASE("a DashScope reply that breaks off is no reply", "[wire][dashscope]") {
    auto begun = event(
        1,
        R"({"output":{"choices":[{"message":{"content":"Hel"},"finish_reason":"null"}]},"request_id":"r"})");
    CHECK_FALSE(read_reply(wire::dashscope, begun, stream));
    CHECK_FALSE(read_reply(wire::dashscope, "", stream));
    CHECK_FALSE(read_reply(wire::dashscope, R"({"hello":"world"})", {}));
    CHECK_FALSE(read_reply(wire::dashscope, "[]", {}));
    auto broken =
        begun +
        "id:2\nevent:error\n:HTTP_STATUS/400\ndata:"
        R"({"code":"DataInspectionFailed","message":"Input data may contain inappropriate content.","request_id":"r"})"
        "\n\n";
    auto events = read_reply(wire::dashscope, broken, stream);
    REQUIRE(events);
    auto failed = put_together(*events).failed;
    REQUIRE(failed);
    CHECK(failed->message == "Input data may contain inappropriate content.");
    events = read_reply(wire::dashscope, R"({"code":"Throttling.RateQuota","message":"slow"})", {});
    REQUIRE(events);
    CHECK(put_together(*events).failed->code == Code::rate_limited);
}
