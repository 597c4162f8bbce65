#include "core/wire/anthropic.hpp"
#include "core/wire/claude_model.hpp"
#include "core/wire/json.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::llm;
using wire::Json;

namespace {

/// A request of an OpenAI client.
ChatRequest asked(std::string model = "claude-sonnet-4-5") {
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

Written written(const ChatRequest& request, const wire::Dialect& dialect = {}) {
    auto out = wire::anthropic.write_request(request, dialect);
    REQUIRE(out);
    return {Json::parse(out->body), out->losses};
}

Result<ChatRequest> read(std::string_view body) {
    return wire::anthropic.read_request({.body = body});
}

Message calling(std::vector<std::string> ids) {
    Message message{Role::assistant, {}};
    for (auto& id : ids)
        message.content.push_back({ToolCall{std::move(id), "f", "{\"a\":1}"}});
    return message;
}

Message answering(std::string id, std::string text) {
    return {Role::tool, {{ToolResult{std::move(id), "", {{Text{std::move(text)}}}}}}};
}

}  // namespace

TEST_CASE("a plain question gets the limit that Anthropic demands", "[wire]") {
    auto plain = written(asked());
    CHECK(plain.body == Json::parse(R"({"model":"claude-sonnet-4-5","max_tokens":8192,
                                        "messages":[{"role":"user","content":"hi"}]})"));
    CHECK(plain.losses.empty());
    wire::Dialect dialect;
    dialect.output_tokens_default = 100;
    CHECK(written(asked(), dialect).body["max_tokens"] == 100);
    auto limited = asked();
    limited.output_tokens_max = 7;
    limited.stream = true;
    CHECK(written(limited, dialect).body["max_tokens"] == 7);
    CHECK(written(limited).body["stream"] == true);
}

TEST_CASE("instructions stand in front and results of calls in one turn", "[wire]") {
    auto request = asked();
    request.messages.insert(request.messages.begin(), {Role::system, {{Text{"one"}}}});
    request.messages.push_back({Role::developer, {{Text{"two"}}}});
    request.messages.push_back({Role::assistant, {{Text{""}}}});
    request.messages.push_back(calling({"a", "b"}));
    request.messages.push_back(answering("a", "1"));
    request.messages.push_back(answering("b", ""));
    request.messages.push_back({Role::user, {{Text{"go on"}}}});
    auto body = written(request).body;
    CHECK(body["system"] ==
          Json::parse(R"([{"type":"text","text":"one"},{"type":"text","text":"two"}])"));
    CHECK(body["messages"] == Json::parse(R"([
        {"role":"user","content":"hi"},
        {"role":"assistant","content":[
            {"type":"tool_use","id":"a","name":"f","input":{"a":1}},
            {"type":"tool_use","id":"b","name":"f","input":{"a":1}}]},
        {"role":"user","content":[
            {"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"1"}]},
            {"type":"tool_result","tool_use_id":"b"},
            {"type":"text","text":"go on"}]}])"));
}

TEST_CASE("arguments that are no object still make one", "[wire]") {
    auto request = asked();
    request.messages.push_back({Role::assistant,
                                {{ToolCall{"a", "f", ""}},
                                 {ToolCall{"b", "f", "{\"broken"}},
                                 {ToolCall{"c", "f", std::string(100'000, '[')}}}});
    auto calls = written(request).body["messages"][1]["content"];
    CHECK(calls[0]["input"] == Json::object());
    CHECK(calls[1]["input"]["arguments"] == "{\"broken");
    CHECK(calls[2]["input"]["arguments"].get<std::string>().size() == 100'000);
}

TEST_CASE("ids that Anthropic refuses are replaced, the same way in call and result", "[wire]") {
    auto request = asked();
    request.messages.push_back(calling({"functions.f:0"}));
    request.messages.push_back(answering("functions.f:0", "1"));
    auto turns = written(request).body["messages"];
    auto id = turns[1]["content"][0]["id"].get<std::string>();
    CHECK(id.starts_with("toolu_"));
    CHECK(turns[2]["content"][0]["tool_use_id"] == id);
}

TEST_CASE("tools and their choice are said in Anthropic's words", "[wire]") {
    auto request = asked();
    request.tools.push_back(
        {Tool::Kind::function, "f", "does", R"({"properties":{}})", true, {}, {}, {}});
    request.tools.push_back({Tool::Kind::function, "g", "", "", false, "1h", {}, {}});
    request.tool_choice = {ToolChoice::Kind::named, "f", {}};
    request.parallel_tool_calls = false;
    auto body = written(request).body;
    CHECK(body["tools"] == Json::parse(R"([
        {"name":"f","description":"does","input_schema":{"properties":{},"type":"object"},
         "strict":true},
        {"name":"g","input_schema":{"type":"object","properties":{}},
         "cache_control":{"type":"ephemeral","ttl":"1h"}}])"));
    CHECK(body["tool_choice"] ==
          Json::parse(R"({"type":"tool","name":"f","disable_parallel_tool_use":true})"));

    request.tool_choice = {ToolChoice::Kind::required, "", {"g"}};
    request.parallel_tool_calls = true;
    body = written(request).body;
    CHECK(body["tools"].size() == 1);
    CHECK(body["tool_choice"] == Json::parse(R"({"type":"any"})"));
    request.tool_choice = {ToolChoice::Kind::none, "", {}};
    CHECK(written(request).body["tool_choice"] == Json::parse(R"({"type":"none"})"));

    request.tools = {{Tool::Kind::custom, "c", "", "", {}, {}, {}, {}}};
    CHECK(written(request).lost("the custom tool 'c'"));
}

TEST_CASE("media go as the kinds that Anthropic takes", "[wire]") {
    auto request = asked();
    auto& content = request.messages[0].content;
    Media image;
    image.data = "iVBORw0KGgoAAAA";
    content.push_back({image});
    image.source = Media::Source::url;
    image.data = "https://example.test/a.png";
    content.push_back({image});
    Media text{Media::Kind::document, Media::Source::base64, "aGVsbG8=", "text/plain", "n", {}, {}};
    content.push_back({text});
    text.media_type = "application/zip";
    content.push_back({text});
    Media sound;
    sound.kind = Media::Kind::audio;
    content.push_back({sound});
    auto out = written(request);
    auto blocks = out.body["messages"][0]["content"];
    REQUIRE(blocks.size() == 4);
    CHECK(blocks[1]["source"] ==
          Json::parse(R"({"type":"base64","media_type":"image/png","data":"iVBORw0KGgoAAAA"})"));
    CHECK(blocks[2]["source"] ==
          Json::parse(R"({"type":"url","url":"https://example.test/a.png"})"));
    CHECK(blocks[3] == Json::parse(R"({"type":"document",
          "source":{"type":"text","media_type":"text/plain","data":"hello"},"title":"n"})"));
    CHECK(out.lost("a document of type application/zip"));
    CHECK(out.lost("sound in a message"));
}

TEST_CASE("what Anthropic has no word for is a loss, defaults are not", "[wire]") {
    auto request = asked();
    request.sampling.frequency_penalty = 0.0;
    request.sampling.logprobs = false;
    request.sampling.top_p = 1.0;
    request.sampling.temperature = 1.7;
    request.response_format.kind = ResponseFormat::Kind::text;
    request.service_tier = "auto";
    request.metadata = R"({"a":"b"})";
    request.store = false;
    request.user = "u";
    auto fine = written(request);
    CHECK(fine.losses.empty());
    CHECK(fine.body["temperature"] == 1.0);
    CHECK(!fine.body.contains("top_p"));
    CHECK(fine.body["metadata"]["user_id"] == "u");
    CHECK(fine.body["service_tier"] == "auto");

    request.sampling.frequency_penalty = 0.5;
    request.sampling.presence_penalty = 0.5;
    request.sampling.seed = 1;
    request.sampling.logprobs = true;
    request.sampling.logit_bias = R"({"1":2})";
    request.choices = 2;
    request.verbosity = "low";
    request.service_tier = "flex";
    request.response_format.kind = ResponseFormat::Kind::json_object;
    request.modalities = {"text", "audio"};
    request.messages[0].name = "Ann";
    request.extras = {{"prediction", "{}"}};
    auto lost = written(request);
    for (const char* field : {"frequency_penalty", "presence_penalty", "seed", "logprobs",
                              "logit_bias", "n", "verbosity", "service_tier", "response_format",
                              "modalities", "messages[].name", "prediction"}) {
        INFO(field);
        CHECK(lost.lost(field));
    }
}

TEST_CASE("a schema for the reply is carried", "[wire]") {
    auto request = asked();
    request.response_format = {ResponseFormat::Kind::json_schema, "n", "", R"({"type":"object"})",
                               true};
    CHECK(written(request).body["output_config"]["format"] ==
          Json::parse(R"({"type":"json_schema","schema":{"type":"object"}})"));
    wire::Dialect old;
    old.json_schema = false;
    CHECK(written(request, old).lost("response_format"));
}

TEST_CASE("effort becomes a budget or, for newer models, stays a word", "[wire]") {
    auto request = asked("claude-sonnet-4-5-20250929");
    request.reasoning.effort = "high";
    auto budget = written(request).body;
    CHECK(budget["thinking"] == Json::parse(R"({"type":"enabled","budget_tokens":16384})"));
    CHECK(budget["max_tokens"] == 8192 + 16384);
    request.output_tokens_max = 5000;
    CHECK(written(request).body["thinking"]["budget_tokens"] == 4000);
    CHECK(written(request).body["max_tokens"] == 5000);
    request.output_tokens_max = 1000;
    CHECK(!written(request).body.contains("thinking"));

    request.model = "claude-opus-4-6";
    request.reasoning.effort = "xhigh";
    auto adaptive = written(request).body;
    CHECK(adaptive["thinking"] == Json::parse(R"({"type":"adaptive"})"));
    CHECK(adaptive["output_config"]["effort"] == "high");
    request.reasoning.effort = "none";
    CHECK(written(request).body["thinking"]["type"] == "disabled");
    request.model = "claude-sonnet-4-5";
    CHECK(!written(request).body.contains("thinking"));
}

TEST_CASE("thought gives way where Anthropic would refuse it", "[wire]") {
    auto request = asked();
    request.reasoning.effort = "low";
    request.sampling.temperature = 0.2;
    auto thinking = written(request);
    CHECK(thinking.lost("temperature"));
    CHECK(!thinking.body.contains("temperature"));

    request.tools.push_back({Tool::Kind::function, "f", "", "", {}, {}, {}, {}});
    request.tool_choice.kind = ToolChoice::Kind::required;
    CHECK(!written(request).body.contains("thinking"));
    request.tool_choice.kind = ToolChoice::Kind::unset;
    CHECK(written(request).body.contains("thinking"));
    // Its history has a call without the thought that came before it.
    request.messages.push_back(calling({"a"}));
    request.messages.push_back(answering("a", "1"));
    auto bare = written(request);
    CHECK(!bare.body.contains("thinking"));
    CHECK(bare.body["temperature"] == 0.2);
    auto& turn = request.messages[1].content;
    turn.insert(turn.begin(), {Thinking{"hm", {"anthropic", "sig"}}});
    CHECK(written(request).body.contains("thinking"));
}

TEST_CASE("only Anthropic's own thoughts go back to it", "[wire]") {
    auto request = asked();
    request.messages.push_back({Role::assistant,
                                {{Thinking{"mine", {"anthropic", "sig"}}},
                                 {Thinking{"theirs", {"gemini", "sig"}}},
                                 {Thinking{"unproved", {}}},
                                 {Thinking{"", {"anthropic", "data"}, true}},
                                 {Text{"so"}}}});
    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(out.body["messages"][1]["content"] == Json::parse(R"([
        {"type":"thinking","thinking":"mine","signature":"sig"},
        {"type":"redacted_thinking","data":"data"},
        {"type":"text","text":"so"}])"));
}

TEST_CASE("the proof of another provider survives a client of this format", "[wire]") {
    auto request = read(R"({"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[
        {"type":"thinking","thinking":"t","signature":"gemini:abc="}]}]})");
    REQUIRE(request);
    const auto& thinking = std::get<Thinking>(request->messages[0].content[0].what);
    CHECK(thinking.proof == Proof{"gemini", "abc="});
    CHECK(written(*request).body["messages"][0]["content"].empty());
}

TEST_CASE("the newest models take no temperature", "[wire]") {
    auto request = asked("claude-opus-4-8");
    request.sampling.temperature = 1.0;
    auto usual = written(request);
    CHECK(usual.losses.empty());
    CHECK(!usual.body.contains("temperature"));
    request.sampling.temperature = 0.5;
    CHECK(written(request).lost("temperature"));
}

TEST_CASE("a model's version is read from all its names", "[wire]") {
    auto version = [](std::string_view name) {
        auto model = wire::claude_model(name);
        return std::pair(model.major, model.minor);
    };
    CHECK(version("claude-3-7-sonnet-20250219") == std::pair(3, 7));
    CHECK(version("claude-opus-4-20250514") == std::pair(4, 0));
    CHECK(version("us.anthropic.claude-haiku-4-5-20251001-v1:0") == std::pair(4, 5));
    CHECK(version("claude-opus-4-6@20260101") == std::pair(4, 6));
    CHECK(version("claude-sonnet-5") == std::pair(5, 0));
    CHECK(version("claude-instant") == std::pair(0, 0));
    CHECK(version("gpt-5") == std::pair(0, 0));
    CHECK(version("") == std::pair(0, 0));
}

TEST_CASE("Vertex has the model in its path and the version in the body", "[wire]") {
    auto request = asked();
    request.stream = true;
    auto out = wire::anthropic_vertex.write_request(request, {});
    REQUIRE(out);
    auto body = Json::parse(out->body);
    CHECK(body["anthropic_version"] == "vertex-2023-10-16");
    CHECK(!body.contains("model"));
    CHECK(body["stream"] == true);
}

TEST_CASE("a request that is wrong is refused by the name of its field", "[wire]") {
    const std::pair<const char*, const char*> cases[] = {
        {"", ""},
        {"[]", ""},
        {R"({"max_tokens":1,"messages":[]})", "model"},
        {R"({"model":"m","messages":[]})", "max_tokens"},
        {R"({"model":"m","max_tokens":"1","messages":[]})", "max_tokens"},
        {R"({"model":"m","max_tokens":-1,"messages":[]})", "max_tokens"},
        {R"({"model":"m","max_tokens":1})", "messages"},
        {R"({"model":"m","max_tokens":1,"messages":[]})", "messages"},
        {R"({"model":"m","max_tokens":1,"messages":[{"role":"x","content":"a"}]})",
         "messages[0].role"},
        {R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":5}]})",
         "messages[0].content"},
        {R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"text":"a"}]}]})",
         "messages[0].content[0].type"},
        {R"({"model":"m","max_tokens":1,"messages":[{"role":"user",
             "content":[{"type":"tool_result"}]}]})",
         "messages[0].content[0].tool_use_id"},
        {R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}],
             "tool_choice":{"type":"tool"}})",
         "tool_choice.type"},
        {R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}],
             "thinking":{"type":"perhaps"}})",
         "thinking.type"},
        {R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}],
             "tools":[{"input_schema":{}}]})",
         "tools[0].name"},
        {R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}],
             "output_config":{"format":{"type":"xml"}}})",
         "output_config.format.type"},
    };
    for (const auto& [body, param] : cases) {
        INFO(body);
        auto request = read(body);
        REQUIRE(!request);
        CHECK(request.error().code == Code::invalid_request);
        CHECK(request.error().param == param);
    }
}

TEST_CASE("what Anthropic's clients send is understood", "[wire]") {
    auto request = read(R"({"model":"m","max_tokens":9,"stream":true,"top_k":3,
        "service_tier":"standard_only","metadata":{"user_id":"u","more":1},
        "thinking":{"type":"enabled","budget_tokens":2048,"display":"omitted"},
        "tool_choice":{"type":"any","disable_parallel_tool_use":true},
        "tools":[{"type":"web_search_20250305","name":"web_search"},
                 {"name":"f","input_schema":{"type":"object"},"defer_loading":true}],
        "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
        "container":"c1",
        "messages":[{"role":"user","content":[
            {"type":"tool_result","tool_use_id":"a","is_error":true,"content":"no"},
            {"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}},
            {"type":"search_result","source":"s","title":"t","content":[]}]}]})");
    REQUIRE(request);
    CHECK(request->wire == "anthropic");
    CHECK(request->service_tier == "default");
    CHECK(request->user == "u");
    CHECK(request->reasoning.budget_tokens == 2048);
    CHECK(request->reasoning.shown == false);
    CHECK(request->tool_choice.kind == ToolChoice::Kind::required);
    CHECK(request->parallel_tool_calls == false);
    REQUIRE(request->tools.size() == 2);
    CHECK(request->tools[0].kind == Tool::Kind::built_in);
    CHECK(request->tools[1].extras == std::vector<Extra>{{"defer_loading", "true", true}});
    REQUIRE(request->messages.size() == 2);
    CHECK(request->messages[0].role == Role::tool);
    const auto& result = std::get<ToolResult>(request->messages[0].content[0].what);
    CHECK(result.is_error);
    CHECK(request->messages[1].content[0].cache_ttl == "1h");
    CHECK(std::holds_alternative<Opaque>(request->messages[1].content[1].what));
    auto hint = [&](std::string_view name) {
        for (const auto& extra : request->extras)
            if (extra.name == name)
                return extra.hint ? 1 : 0;
        return -1;
    };
    CHECK(hint("container") == 0);
    CHECK(hint("context_management") == 1);
}

TEST_CASE("betas go along with the request that needs them", "[wire]") {
    const std::pair<std::string, std::string> headers[] = {{"anthropic-beta", "a,b"},
                                                           {"x-other", "c"}};
    auto request = wire::anthropic.read_request(
        {.body = R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}]})",
         .headers = headers});
    REQUIRE(request);
    auto out = wire::anthropic.write_request(*request, {});
    REQUIRE(out);
    REQUIRE(out->headers.size() == 1);
    CHECK(out->headers[0].second == "a,b");
    CHECK(out->body.find("anthropic-beta") == std::string::npos);
}
