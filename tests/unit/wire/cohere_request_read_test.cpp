#include "core/wire/cohere.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::llm;
using Json = nlohmann::ordered_json;

namespace {

ChatRequest read(std::string_view body) {
    auto request = wire::cohere.read_request({.body = body});
    if (!request)
        FAIL(request.error().message);
    return std::move(*request);
}

std::string complaint(std::string_view body) {
    auto request = wire::cohere.read_request({.body = body});
    return request ? "" : request.error().message;
}

std::string with(std::string_view members) {
    return R"({"model":"m","messages":[{"role":"user","content":"x"}],)" + std::string(members) +
           "}";
}

/// What a writer of the same format makes of it.
Json again(std::string_view body) {
    auto written = wire::cohere.write_request(read(body), {});
    REQUIRE(written);
    CHECK(written->losses.empty());
    return Json::parse(written->body);
}

}  // namespace

TEST_CASE("a request of Cohere's clients is read", "[wire][cohere]") {
    auto request = read(R"({"model":"command-a","stream":true,"max_tokens":9,"temperature":0.5,
        "p":0.25,"k":7,"seed":1,"frequency_penalty":0.5,"presence_penalty":0.25,
        "stop_sequences":["END"],"logprobs":true,"tool_choice":"REQUIRED","strict_tools":true,
        "thinking":{"type":"enabled","token_budget":100},"priority":3,
        "messages":[{"role":"system","content":"Be brief."},
          {"role":"user","content":[{"type":"text","text":"See"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD","detail":"low"}},
            {"type":"image_url","image_url":{"url":"https://example.test/a.png"}}]},
          {"role":"assistant","tool_plan":"I look it up.","tool_calls":[{"id":"c1",
            "type":"function","function":{"name":"f","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"c1","content":[{"type":"document",
            "document":{"data":{"text":"sun","title":"t"}}}]},
          {"role":"assistant","content":[{"type":"thinking","thinking":"hm"},
            {"type":"text","text":"ok"}],"citations":[{"start":0,"end":1,"text":"o"}]}],
        "tools":[{"type":"function","function":{"name":"f","description":"d",
          "parameters":{"type":"object"}}}]})");
    CHECK(request.wire == "cohere");
    CHECK(request.model == "command-a");
    CHECK(request.stream);
    CHECK(request.output_tokens_max == 9);
    CHECK(request.sampling.temperature == 0.5);
    CHECK(request.sampling.top_p == 0.25);
    CHECK(request.sampling.top_k == 7);
    CHECK(request.sampling.seed == 1);
    CHECK(request.sampling.frequency_penalty == 0.5);
    CHECK(request.sampling.presence_penalty == 0.25);
    CHECK(request.sampling.stop == std::vector<std::string>{"END"});
    CHECK(request.sampling.logprobs == true);
    CHECK(request.tool_choice.kind == ToolChoice::Kind::required);
    CHECK(request.reasoning.enabled == true);
    CHECK(request.reasoning.budget_tokens == 100);
    REQUIRE(request.extras.size() == 1);
    CHECK((request.extras[0].name == "priority" && request.extras[0].hint));

    REQUIRE(request.messages.size() == 5);
    CHECK(request.messages[0].role == Role::system);
    const auto& seen = request.messages[1].content;
    REQUIRE(seen.size() == 3);
    CHECK(std::get<Media>(seen[1].what).data == "QUJD");
    CHECK(std::get<Media>(seen[1].what).detail == "low");
    CHECK(std::get<Media>(seen[2].what).source == Media::Source::url);
    const auto& calls = request.messages[2].content;
    REQUIRE(calls.size() == 2);
    CHECK(std::get<Thinking>(calls[0].what).text == "I look it up.");
    CHECK(std::get<ToolCall>(calls[1].what).name == "f");
    const auto& result = std::get<ToolResult>(request.messages[3].content.at(0).what);
    CHECK(result.call_id == "c1");
    CHECK(std::get<Media>(result.content.at(0).what).data == "sun");
    CHECK(std::get<Media>(result.content.at(0).what).name == "t");
    CHECK(std::get<Thinking>(request.messages[4].content.at(0).what).text == "hm");
    REQUIRE(request.tools.size() == 1);
    CHECK(request.tools[0].strict == true);
    CHECK(request.tools[0].parameters == R"({"type":"object"})");
}

TEST_CASE("documents stand before the last question, and keep their names", "[wire][cohere]") {
    auto request = read(R"({"model":"m","messages":[{"role":"user","content":"a"},
        {"role":"assistant","content":"b"},{"role":"user","content":"c"}],
        "citation_options":{"mode":"ACCURATE"},
        "documents":["plain",{"id":"d1","data":{"title":"T","text":"body","context":"from 1993"}},
          {"data":"short"},{"id":"d2","data":{"name":"x","age":"3"}}]})");
    const auto& asked = request.messages.at(2).content;
    REQUIRE(asked.size() == 5);
    auto at = [&](std::size_t i) { return std::get<Media>(asked.at(i).what); };
    CHECK((at(0).data == "plain" && at(0).citations));
    CHECK((at(1).data == "body" && at(1).name == "T" && at(1).context == "from 1993"));
    CHECK(asked[1].extras == std::vector<Extra>{{"id", "\"d1\"", true}});
    CHECK(at(2).data == "short");
    CHECK(at(3).data == R"({"name":"x","age":"3"})");
    CHECK(std::get<Text>(asked[4].what).text == "c");
    // Who does not ask for citations is not refused where there are none.
    auto quiet = read(with(R"("documents":["d"],"citation_options":{"mode":"OFF"})"));
    CHECK_FALSE(std::get<Media>(quiet.messages[0].content[0].what).citations);
    CHECK_FALSE(
        std::get<Media>(read(with(R"("documents":["d"])")).messages[0].content[0].what).citations);
}

TEST_CASE("a request goes back as it came, up to what the page says", "[wire][cohere]") {
    std::string body =
        R"({"model":"m","stream":false,"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},{"role":"assistant","tool_plan":"p","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"}],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}],"strict_tools":true,"tool_choice":"NONE","max_tokens":3,"temperature":0.5,"p":0.5,"k":2,"seed":4,"frequency_penalty":0.5,"stop_sequences":["a","b"],"logprobs":true,"thinking":{"type":"disabled"},"response_format":{"type":"json_object","json_schema":{"type":"object"}},"safety_mode":"OFF"})";
    CHECK(again(body) == Json::parse(body));
}

TEST_CASE("what only Cohere knows is a loss elsewhere, a default is none", "[wire][cohere]") {
    auto losses = [](std::string_view body) {
        std::vector<std::string> fields;
        auto written = wire::find("openai")->write_request(read(body), {});
        REQUIRE(written);
        for (const auto& loss : written->losses)
            fields.push_back(loss.field);
        return fields;
    };
    using List = std::vector<std::string>;
    CHECK(losses(with(R"("safety_mode":"STRICT")")) == List{"safety_mode"});
    CHECK(losses(with(R"("safety_mode":"CONTEXTUAL","priority":1,"k":0)")).empty());
    CHECK(losses(with(R"("k":5)")) == List{"k"});
    CHECK(losses(with(R"("surprise":1)")) == List{"surprise"});
}

TEST_CASE("a wrong request of Cohere's is refused by its field", "[wire][cohere]") {
    using Catch::Contains;
    CHECK_THAT(complaint(R"({"messages":[{"role":"user","content":"x"}]})"), Contains("'model'"));
    CHECK_THAT(complaint(R"({"model":"m","messages":[]})"), Contains("'messages'"));
    CHECK_THAT(complaint(R"({"model":"m","messages":[{"role":"bot","content":"x"}]})"),
               Contains("'messages[0].role'"));
    CHECK_THAT(complaint(R"({"model":"m","messages":[{"role":"user","content":3}]})"),
               Contains("'messages[0].content'"));
    CHECK_THAT(complaint(R"({"model":"m","messages":[{"role":"tool","content":"x"}]})"),
               Contains("tool_call_id"));
    CHECK_THAT(complaint(with(R"("tool_choice":"AUTO")")), Contains("'tool_choice'"));
    CHECK_THAT(complaint(with(R"("thinking":{"type":"maybe"})")), Contains("'thinking.type'"));
    CHECK_THAT(complaint(with(R"("response_format":{"type":"xml"})")),
               Contains("'response_format.type'"));
    CHECK_THAT(complaint(with(R"("max_tokens":0)")), Contains("'max_tokens'"));
    CHECK_THAT(complaint(with(R"("tools":[{"type":"function"}])")),
               Contains("'tools[0].function'"));
    CHECK_FALSE(complaint("{").empty());
}
