#include "core/wire/cohere.hpp"
#include "tests/unit/wire/building.hpp"
#include "tests/unit/wire/feeding.hpp"
#include "tests/unit/wire/naive.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::test;

namespace {

const wire::ReadOptions stream{.stream = true};

wire::WrittenRequest written(const llm::ChatRequest& request) {
    auto out = wire::cohere.write_request(request, {});
    REQUIRE(out);
    return *out;
}

std::vector<std::string> lost(const wire::WrittenRequest& out) {
    std::vector<std::string> fields;
    for (const auto& loss : out.losses)
        fields.push_back(loss.field);
    return fields;
}

const llm::Failed* failure(const Events& events) {
    for (const auto& event : events)
        if (const auto* failed = std::get_if<llm::Failed>(&event.what))
            return failed;
    return nullptr;
}

constexpr std::string_view start =
    R"(data: {"type":"message-start","id":"m1","delta":{"message":{"role":"assistant"}}})"
    "\n\n";

}  // namespace

TEST_CASE("a request is written in Cohere's words", "[wire][cohere]") {
    auto request = ask("Weather?");
    request.stream = true;
    request.messages.insert(request.messages.begin(), says(llm::Role::developer, "Be brief."));
    auto answer = says(llm::Role::assistant);
    answer.content.push_back({llm::Thinking{"I look it up."}});
    answer.content.push_back({llm::ToolCall{"c1", "weather", ""}});
    answer.content.push_back({llm::ToolCall{"c2", "time", "{\"at\":\"x\"}"}});
    request.messages.push_back(answer);
    auto results = says(llm::Role::tool);
    results.content = {result_of("c1", {"sun"}), result_of("c2", {"noon", "UTC"})};
    request.messages.push_back(results);
    auto tool = function_tool("weather", R"({"type":"object"})");
    tool.strict = true;
    request.tools = {tool};
    request.tool_choice.kind = llm::ToolChoice::Kind::required;
    request.sampling.top_p = 0.5;
    request.sampling.top_k = 4;
    request.sampling.stop = {"END"};
    request.output_tokens_max = 9;
    request.reasoning.budget_tokens = 100;
    request.response_format.kind = llm::ResponseFormat::Kind::json_schema;
    request.response_format.schema = R"({"type":"object"})";

    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(normal_json(out.body) == normal_json(R"({
        "model":"m","stream":true,
        "messages":[
            {"role":"system","content":"Be brief."},
            {"role":"user","content":"Weather?"},
            {"role":"assistant","tool_plan":"I look it up.","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"weather","arguments":"{}"}},
                {"id":"c2","type":"function","function":{"name":"time","arguments":"{\"at\":\"x\"}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"sun"},
            {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"noon"},{"type":"text","text":"UTC"}]}],
        "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}],
        "strict_tools":true,"tool_choice":"REQUIRED",
        "max_tokens":9,"p":0.5,"k":4,"stop_sequences":["END"],
        "thinking":{"type":"enabled","token_budget":100},
        "response_format":{"type":"json_object","json_schema":{"type":"object"}}})"));
}

TEST_CASE("images and documents go where Cohere takes them", "[wire][cohere]") {
    auto request = ask("", "anthropic");
    auto link =
        media(llm::Media::Kind::image, llm::Media::Source::url, "https://example.test/a.png");
    link.detail = "low";
    auto document = media(llm::Media::Kind::document, llm::Media::Source::text, "Ruby is nice.");
    document.name = "facts.txt";
    request.messages[0].content = {{png("AAAA")}, {link}, {document}};
    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(normal_json(out.body) == normal_json(R"({"model":"m","stream":false,"messages":[
        {"role":"user","content":[
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
            {"type":"image_url","image_url":{"url":"https://example.test/a.png","detail":"low"}}]}],
        "documents":[{"id":"doc:0","data":{"title":"facts.txt","text":"Ruby is nice."}}]})"));
}

TEST_CASE("a choice of tools is kept by sending no others", "[wire][cohere]") {
    auto request = ask("x");
    request.tools = {function_tool("a"), function_tool("b")};
    request.tool_choice = {llm::ToolChoice::Kind::named, "b"};
    auto body = written(request).body;
    CHECK(body.find(R"("name":"b")") != std::string::npos);
    CHECK(body.find(R"("name":"a")") == std::string::npos);
    CHECK(body.find(R"("tool_choice":"REQUIRED")") != std::string::npos);
    request.tool_choice = {llm::ToolChoice::Kind::none};
    CHECK(written(request).body.find(R"("tool_choice":"NONE")") != std::string::npos);
}

TEST_CASE("what Cohere has no word for is told", "[wire][cohere]") {
    auto request = ask("x");
    request.messages[0].content.push_back(
        {media(llm::Media::Kind::audio, llm::Media::Source::base64, "AAAA")});
    request.messages[0].name = "bob";
    request.sampling.frequency_penalty = -1;
    request.sampling.presence_penalty = 0.5;
    request.sampling.top_logprobs = 2;
    request.sampling.logit_bias = "{}";
    request.sampling.stop = {"1", "2", "3", "4", "5", "6"};
    request.choices = 2;
    request.modalities = {"text", "audio"};
    request.service_tier = "flex";
    request.extras = {{"prediction", "{}"}};
    auto fields = lost(written(request));
    std::sort(fields.begin(), fields.end());
    CHECK(fields == std::vector<std::string>{"frequency_penalty", "logit_bias", "messages[].name",
                                             "modalities", "n", "prediction", "service_tier",
                                             "sound in a message", "stop", "top_logprobs"});
    CHECK(written(request).body.find("presence_penalty") != std::string::npos);
}

TEST_CASE("tool arguments that are null or missing become an empty object", "[wire][cohere]") {
    for (std::string_view piece : {"", "null", "nu", " "}) {
        std::string body(start);
        body +=
            R"(data: {"type":"tool-call-start","delta":{"message":{"tool_calls":{"id":"t","type":"function","function":{"name":"f","arguments":""}}}}})"
            "\n\n";
        auto delta = [](std::string_view text) {
            return R"(data: {"type":"tool-call-delta","delta":{"message":{"tool_calls":{"function":{"arguments":")" +
                   std::string(text) + "\"}}}}}\n\n";
        };
        body += delta(piece);
        if (piece == "nu")
            body += delta("ll");
        body += "data: {\"type\":\"tool-call-end\"}\n\n"
                R"(data: {"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}})"
                "\n\n";
        auto events = read_reply(wire::cohere, body, stream);
        REQUIRE(events);
        auto reply = put_together(*events);
        REQUIRE(reply.choices[0].blocks.size() == 1);
        CHECK(std::get<llm::ToolCall>(reply.choices[0].blocks[0].part.what).arguments == "{}");
        CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
    }
}

TEST_CASE("a stream without its end is an error", "[wire][cohere]") {
    CHECK(read_reply(wire::cohere, start, stream).error().code == Code::upstream_failed);
    CHECK_FALSE(read_reply(wire::cohere, "", stream));
    CHECK_FALSE(read_reply(wire::cohere, "data: {broken\n\n", stream));
    CHECK_FALSE(read_reply(wire::cohere, R"({"id":"x"})", {}));
    std::string deep(200, '[');
    CHECK_FALSE(read_reply(wire::cohere, "data: " + deep + "\n\n", stream));
}

TEST_CASE("an error in Cohere's reply is a failure without its secrets", "[wire][cohere]") {
    auto body =
        std::string(start) +
        R"(data: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"key sk-abcdefghijklmnopqrstuvwx is broken"}})"
        "\n\n";
    auto events = read_reply(wire::cohere, body, stream);
    REQUIRE(events);
    REQUIRE(failure(*events) != nullptr);
    CHECK(failure(*events)->error.message.find("sk-abc") == std::string::npos);
    auto plain = read_reply(wire::cohere, R"({"message":"invalid request"})", {});
    REQUIRE(plain);
    CHECK(failure(*plain) != nullptr);
}

TEST_CASE("Cohere bills what it bills, not what it processed", "[wire][cohere]") {
    auto events = read_reply(wire::cohere, R"({"id":"1","message":{"role":"assistant","content":[
        {"type":"text","text":"hi"}]},"finish_reason":"COMPLETE","usage":{
        "billed_units":{"input_tokens":267,"output_tokens":52},
        "tokens":{"input_tokens":34,"output_tokens":56,"reasoning_tokens":10,"image_tokens":259},
        "cached_tokens":12}})",
                             {});
    REQUIRE(events);
    auto usage = put_together(*events).usage->usage;
    CHECK(usage == llm::Usage{.input = 8, .image_in = 259, .output = 42, .reasoning = 10});
}

TEST_CASE("log-probabilities take OpenAI's form", "[wire][cohere]") {
    auto events = read_reply(wire::cohere, R"({"id":"1","message":{"role":"assistant","content":[
        {"type":"text","text":"ab"}]},"finish_reason":"MAX_TOKENS",
        "logprobs":[{"text":"a","token_ids":[1],"logprobs":[-0.5]},
                    {"text":"b","token_ids":[2,3],"logprobs":[-1,-0.25]}]})",
                             {});
    REQUIRE(events);
    auto reply = put_together(*events);
    CHECK(normal_json(reply.choices[0].logprobs) ==
          normal_json(R"([{"token":"a","logprob":-0.5,"bytes":null,"top_logprobs":[]},
                          {"token":"b","logprob":-1.25,"bytes":null,"top_logprobs":[]}])"));
    CHECK(reply.choices[0].finished->reason == llm::Finish::length);
}
