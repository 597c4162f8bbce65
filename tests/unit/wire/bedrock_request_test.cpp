#include "core/wire/bedrock.hpp"
#include "core/wire/json.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::llm;
using Json = nlohmann::json;

namespace {

ChatRequest asked(std::string model = "us.amazon.nova-lite-v1:0") {
    ChatRequest request;
    request.wire = "openai";
    request.model = std::move(model);
    request.messages.push_back({Role::user, {{Text{"hi"}}}});
    return request;
}

struct Written {
    Json body;
    std::vector<wire::Loss> losses;
    bool lost(std::string_view field) const {
        return std::any_of(losses.begin(), losses.end(),
                           [&](const wire::Loss& loss) { return loss.field == field; });
    }
};

Written written(const ChatRequest& request) {
    auto out = wire::bedrock.write_request(request, {});
    REQUIRE(out);
    return {Json::parse(out->body), out->losses};
}

}  // namespace

TEST_CASE("a question, its limits and its history are said as Converse wants them", "[wire]") {
    auto request = asked();
    request.messages.insert(request.messages.begin(), {Role::system, {{Text{"be"}, "5m"}}});
    request.messages.push_back(
        {Role::assistant, {{Text{""}}, {ToolCall{"a:1", "f", "{\"x\":1}"}}}});
    request.messages.push_back({Role::tool, {{ToolResult{"a:1", "", {}, true}}}});
    request.messages.push_back({Role::user, {{Text{"go on"}}}});
    request.output_tokens_max = 9;
    request.sampling.temperature = 1.5;
    request.sampling.stop = {"END"};
    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(out.body["system"] ==
          Json::parse(R"([{"text":"be"},{"cachePoint":{"type":"default"}}])"));
    CHECK(out.body["inferenceConfig"] ==
          Json::parse(R"({"maxTokens":9,"temperature":1.0,"stopSequences":["END"]})"));
    const auto& turns = out.body["messages"];
    REQUIRE(turns.size() == 3);
    auto id = turns[1]["content"][0]["toolUse"]["toolUseId"].get<std::string>();
    CHECK(id.find(':') == std::string::npos);
    CHECK(turns[2]["content"] == Json::parse(R"([{"toolResult":{"toolUseId":")" + id + R"(",
        "content":[{"json":{}}],"status":"error"}},{"text":"go on"}])"));
    // Tools of earlier calls have to be named.
    CHECK(out.body["toolConfig"]["tools"][0]["toolSpec"]["name"] == "f");
}

TEST_CASE("Converse gets tools and their choice", "[wire]") {
    auto request = asked();
    request.tools.push_back({Tool::Kind::function, "f", "d", "{}", true, {}, {}, {}, {}});
    request.tool_choice.kind = ToolChoice::Kind::required;
    auto config = written(request).body["toolConfig"];
    CHECK(config ==
          Json::parse(R"({"tools":[{"toolSpec":{"name":"f","description":"d","strict":true,
        "inputSchema":{"json":{"type":"object"}}}}],"toolChoice":{"any":{}}})"));
    request.tool_choice.kind = ToolChoice::Kind::none;
    CHECK(!written(request).body.contains("toolConfig"));
    request.tool_choice.kind = ToolChoice::Kind::unset;
    request.parallel_tool_calls = false;
    CHECK(written(request).losses.empty());
}

TEST_CASE("Converse takes media as bytes, with a name for documents", "[wire]") {
    auto request = asked();
    auto& content = request.messages[0].content;
    Media image;
    image.data = "/9j/AAAA";
    content.push_back({image});
    Media document;
    document.kind = Media::Kind::document;
    document.data = "JVBERi0x";
    document.name = "a_b  c.pdf";
    content.push_back({document});
    image.source = Media::Source::url;
    content.push_back({image});
    auto out = written(request);
    auto blocks = out.body["messages"][0]["content"];
    REQUIRE(blocks.size() == 3);
    CHECK(blocks[1] == Json::parse(R"({"image":{"format":"jpeg","source":{"bytes":"/9j/AAAA"}}})"));
    CHECK(blocks[2]["document"]["name"] == "a b c pdf");
    CHECK(blocks[2]["document"]["format"] == "pdf");
    CHECK(out.lost("an image in a message"));
}

TEST_CASE("each vendor behind Bedrock is told to think in its own words", "[wire]") {
    auto more = [](const char* model) {
        auto request = asked(model);
        request.reasoning.effort = "high";
        return written(request).body["additionalModelRequestFields"];
    };
    CHECK(more("us.amazon.nova-2-lite-v1:0") ==
          Json::parse(R"({"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}})"));
    CHECK(more("openai.gpt-oss-120b-1:0") == Json::parse(R"({"reasoning_effort":"high"})"));
    CHECK(more("qwen.qwen3-32b-v1:0") == Json::parse(R"({"reasoning_config":"high"})"));
    CHECK(more("us.anthropic.claude-sonnet-4-5-20250929-v1:0") ==
          Json::parse(R"({"thinking":{"type":"enabled","budget_tokens":16384}})"));
    CHECK(more("us.anthropic.claude-opus-4-6-v1") ==
          Json::parse(R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}})"));
    auto request = asked("us.mistral.pixtral-large-2502-v1:0");
    request.reasoning.effort = "high";
    request.sampling.top_k = 3;
    auto out = written(request);
    CHECK(out.lost("reasoning_effort"));
    CHECK(out.lost("top_k"));
}

TEST_CASE("a schema goes to Converse as text, other wishes are told as lost", "[wire]") {
    auto request = asked();
    request.response_format = {
        ResponseFormat::Kind::json_schema, "n", "", R"({"type":"object"})", {}};
    request.service_tier = "flex";
    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(out.body["outputConfig"] == Json::parse(R"({"textFormat":{"type":"json_schema",
        "structure":{"jsonSchema":{"schema":"{\"type\":\"object\"}","name":"n"}}}})"));
    CHECK(out.body["serviceTier"]["type"] == "flex");
    request.sampling.seed = 1;
    request.choices = 3;
    request.response_format.kind = ResponseFormat::Kind::json_object;
    out = written(request);
    for (const char* field : {"seed", "n", "response_format"})
        CHECK(out.lost(field));
}

TEST_CASE("thoughts go back to Bedrock with Claude's proofs only", "[wire]") {
    auto request = asked("anthropic.claude-sonnet-4-5");
    request.messages.push_back({Role::assistant,
                                {{Thinking{"a", {"bedrock", "s1"}}},
                                 {Thinking{"b", {"anthropic", "s2"}}},
                                 {Thinking{"c", {"gemini", "s3"}}},
                                 {Thinking{"", {"bedrock", "cg=="}, true}}}});
    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(out.body["messages"][1]["content"] == Json::parse(R"([
        {"reasoningContent":{"reasoningText":{"text":"a","signature":"s1"}}},
        {"reasoningContent":{"reasoningText":{"text":"b","signature":"s2"}}},
        {"reasoningContent":{"redactedContent":"cg=="}}])"));
}
