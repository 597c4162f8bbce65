#include "core/wire/ollama.hpp"
#include "tests/unit/wire/building.hpp"
#include "tests/unit/wire/feeding.hpp"
#include "tests/unit/wire/naive.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::test;

namespace {

const wire::ReadOptions stream{.stream = true};

wire::WrittenRequest written(const llm::ChatRequest& request) {
    auto out = wire::ollama.write_request(request, {});
    REQUIRE(out);
    return *out;
}

constexpr std::string_view done =
    R"({"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":5})";

}  // namespace

TEST_CASE("a request is written in Ollama's words", "[wire][ollama]") {
    auto request = ask("Look");
    request.messages[0].content.push_back({png("AAAA")});
    auto answer = says(llm::Role::assistant);
    answer.content.push_back({llm::Thinking{"hm"}});
    answer.content.push_back({llm::ToolCall{"c1", "weather", R"({"at":"here"})"}});
    request.messages.push_back(answer);
    request.messages.push_back(says(llm::Role::tool));
    request.messages.back().content = {result_of("c1", {"sun"})};
    request.tools = {function_tool("weather", R"({"type":"object"})")};
    request.output_tokens_max = 7;
    request.sampling.seed = 1;
    request.sampling.stop = {"END"};
    request.reasoning.effort = "minimal";
    request.response_format.kind = llm::ResponseFormat::Kind::json_object;
    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(normal_json(out.body) == normal_json(R"({"model":"m","stream":false,
        "messages":[
            {"role":"user","content":"Look","images":["AAAA"]},
            {"role":"assistant","content":"","thinking":"hm","tool_calls":[
                {"id":"c1","function":{"index":0,"name":"weather","arguments":{"at":"here"}}}]},
            {"role":"tool","content":"sun","tool_name":"weather","tool_call_id":"c1"}],
        "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}],
        "format":"json","think":"low",
        "options":{"num_predict":7,"seed":1,"stop":["END"]}})"));
}

TEST_CASE("what Ollama has no word for is told", "[wire][ollama]") {
    auto request = ask("x");
    request.messages[0].content.push_back(
        {media(llm::Media::Kind::image, llm::Media::Source::url, "https://example.test/a.png")});
    request.tools = {function_tool("f")};
    request.tool_choice.kind = llm::ToolChoice::Kind::required;
    request.parallel_tool_calls = false;
    request.choices = 3;
    auto answer = says(llm::Role::assistant);
    answer.content.push_back({llm::ToolCall{"c1", "f", "{broken"}});
    request.messages.push_back(answer);
    std::vector<std::string> fields;
    for (const auto& loss : written(request).losses)
        fields.push_back(loss.field);
    std::sort(fields.begin(), fields.end());
    CHECK(fields == std::vector<std::string>{"an image in a message", "n",
                                             "the arguments of a tool call", "tool_choice"});
}

TEST_CASE("Ollama's tool calls come whole, their arguments an object", "[wire][ollama]") {
    std::string body =
        R"({"model":"m","created_at":"2026-01-02T03:04:05.678901234Z","message":{"role":"assistant","content":"","thinking":"so"},"done":false})"
        "\n"
        R"({"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"id":"x","function":{"name":"g","arguments":{}}}]},"done":false})"
        "\n" +
        std::string(done) + "\n";
    for (auto cut : {whole(), byte_by_byte()}) {
        auto events = read_reply(wire::ollama, body, stream, cut);
        REQUIRE(events);
        auto reply = put_together(*events);
        CHECK(reply.begun.created == 1767323045);
        auto& blocks = reply.choices[0].blocks;
        REQUIRE(blocks.size() == 3);
        CHECK(blocks[0].part == llm::Part{llm::Thinking{"so"}});
        CHECK(blocks[1].part == llm::Part{llm::ToolCall{"", "f", R"({"a":1})"}});
        CHECK(blocks[2].part == llm::Part{llm::ToolCall{"x", "g", "{}"}});
        CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
        CHECK(reply.usage->usage == llm::Usage{.input = 3, .output = 5});
    }
}

TEST_CASE("an Ollama stream ends with the line that says so, or is an error", "[wire][ollama]") {
    std::string line =
        R"({"model":"m","message":{"role":"assistant","content":"a } \" { b"},"done":false})";
    CHECK_FALSE(read_reply(wire::ollama, line, stream));
    CHECK_FALSE(read_reply(wire::ollama, "", {}));
    CHECK_FALSE(read_reply(wire::ollama, line + "\n" + line.substr(0, 30), stream));
    auto events = read_reply(wire::ollama, line + "\r\n\r\n" + std::string(done), stream);
    REQUIRE(events);
    auto reply = put_together(*events);
    CHECK(reply.choices[0].blocks[0].part == llm::Part{llm::Text{"a } \" { b"}});

    auto broken = read_reply(wire::ollama, line + "\n{\"error\":\"out of memory\"}\n", stream);
    REQUIRE(broken);
    CHECK(put_together(*broken).failed->message == "out of memory");
}

TEST_CASE("a line over the limit is refused", "[wire][ollama]") {
    std::string line = R"({"message":{"content":")" + std::string(4000, 'x') + "\"}}";
    wire::ReadOptions options{.stream = true, .event_bytes_max = 1000};
    auto read = read_reply(wire::ollama, line, options, at_random(1));
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find("1000 bytes") != std::string::npos);
}
