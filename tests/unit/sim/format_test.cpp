#include "cli/sim/call.hpp"
#include "cli/sim/format.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::sim;
using nlohmann::json;

TEST_CASE("a path says which format is asked for", "[sim]") {
    CHECK(asked_by("/v1/chat/completions")->format == nullptr);
    auto messages = asked_by("/v1/messages");
    REQUIRE(messages);
    CHECK(messages->format->name == "anthropic");
    CHECK_FALSE(messages->count_only);
    CHECK(asked_by("/v1/messages/count_tokens")->count_only);
    auto stream = asked_by("/model/us.m-v1%3A0/converse-stream");
    REQUIRE(stream);
    CHECK(stream->format->aws);
    CHECK(stream->model == "us.m-v1:0");
    CHECK(stream->stream);
    CHECK_FALSE(asked_by("/model/m/converse")->stream);
    for (const char* none :
         {"/", "/v1/messages/", "/model//converse", "/model/%zz/converse", "/v1"})
        CHECK_FALSE(asked_by(none));
}

TEST_CASE("a call in another format is read for what a reply depends on", "[sim]") {
    auto asked = asked_by("/v1/messages");
    auto call = read_call(*asked, R"({"model":"m","max_tokens":9,"stream":true,
        "system":"be kind","tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"any"},
        "messages":[{"role":"user","content":[{"type":"text","text":"one two"},
            {"type":"tool_result","tool_use_id":"a","content":"three"}]},
            {"role":"user","content":"[[sim:think=4]] [[sim:tokens=3]]"}]})");
    REQUIRE(call);
    CHECK(call->chat.model == "m");
    CHECK(call->chat.stream);
    CHECK(call->chat.output_tokens_max == 9);
    // Two and two and one and two words, in four messages.
    CHECK(call->prompt_tokens == 7 + 4 * tokens_per_message);
    CHECK(call->wishes.think == 4);
    CHECK(call->wishes.tokens == 3);
    CHECK(call->wishes.tool == "f");

    auto converse = read_call(*asked_by("/model/x/converse"), R"({"messages":[
        {"role":"user","content":[{"text":"[[sim:tokens=2]]"}]}],"inferenceConfig":{"maxTokens":5},
        "toolConfig":{"tools":[{"toolSpec":{"name":"g"}}],"toolChoice":{"tool":{"name":"g"}}}})");
    REQUIRE(converse);
    CHECK(converse->chat.model == "x");
    CHECK(converse->chat.output_tokens_max == 5);
    CHECK(converse->wishes.tool == "g");
    for (const char* bad : {"", "{}", R"({"messages":5})"})
        CHECK(!read_call(*asked_by("/model/x/converse"), bad));
}

TEST_CASE("an error has the shape and the status of its format", "[sim]") {
    const auto* anthropic = asked_by("/v1/messages")->format;
    const auto* bedrock = asked_by("/model/x/converse")->format;
    auto busy = error_of_status(529);
    CHECK(error_status(anthropic, busy) == 529);
    CHECK(json::parse(error_body(anthropic, busy))["error"]["type"] == "overloaded_error");
    auto limited = error_of_status(429);
    CHECK(error_headers(anthropic, limited) == "retry-after: 1\r\n");
    CHECK(error_headers(bedrock, limited).starts_with("x-amzn-errortype: ThrottlingException\r\n"));
    CHECK(json::parse(error_body(bedrock, limited)).contains("message"));
    CHECK(json::parse(error_body(nullptr, limited))["error"]["type"] == "rate_limit_error");
    CHECK(error_of_status(418).code == Code::invalid_request);
    CHECK(error_of_status(599).code == Code::upstream_failed);
}
