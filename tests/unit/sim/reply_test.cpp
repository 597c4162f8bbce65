#include "cli/sim/reply.hpp"
#include "core/http/head.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::sim;
using nlohmann::json;

namespace {

Plan plan_of(std::int64_t tokens) {
    Plan plan;
    plan.number = 7;
    plan.model = "a\"b";
    plan.tokens = tokens;
    plan.prompt_tokens = 11;
    plan.usage_in_reply = true;
    return plan;
}

/// Checks that `reply` is one whole HTTP reply; its head and body.
std::pair<http::ResponseHead, std::string> parsed(const std::string& reply) {
    http::ResponseHead head;
    auto done = http::parse_response_head(reply, "POST", http::HeadLimits(), head);
    REQUIRE(done);
    REQUIRE(*done == http::Parse::complete);
    auto body = reply.substr(head.size);
    CHECK(head.content_length == body.size());
    CHECK(head.headers.find("x-simulated") == "true");
    return {head, body};
}

}  // namespace

TEST_CASE("a plain reply is an OpenAI completion with exact usage", "[sim]") {
    auto plan = plan_of(3);
    plan.choices = 2;
    auto body = json::parse(completion_body(plan));
    CHECK(body["id"] == "chatcmpl-sim000000000007");
    CHECK(body["object"] == "chat.completion");
    CHECK(body["model"] == "a\"b");
    CHECK(body["system_fingerprint"] == "sim");
    REQUIRE(body["choices"].size() == 2);
    CHECK(body["choices"][1]["index"] == 1);
    CHECK(body["choices"][1]["message"]["role"] == "assistant");
    CHECK(body["choices"][1]["message"]["content"] == "lorem ipsum dolor");
    CHECK(body["choices"][1]["finish_reason"] == "stop");
    CHECK(body["usage"] ==
          json{{"prompt_tokens", 11}, {"completion_tokens", 6}, {"total_tokens", 17}});
}

TEST_CASE("a reply says why it ended and may keep its usage to itself", "[sim]") {
    auto plan = plan_of(3);
    plan.cut_short = true;
    plan.usage_in_reply = false;
    auto body = json::parse(completion_body(plan));
    CHECK(body["choices"][0]["finish_reason"] == "length");
    CHECK_FALSE(body.contains("usage"));
}

TEST_CASE("a tool call has arguments that are JSON", "[sim]") {
    auto plan = plan_of(4);
    plan.tool = "get_weather";
    auto choice = json::parse(completion_body(plan))["choices"][0];
    CHECK(choice["finish_reason"] == "tool_calls");
    CHECK(choice["message"]["content"].is_null());
    auto call = choice["message"]["tool_calls"][0];
    CHECK(call["type"] == "function");
    CHECK(call["function"]["name"] == "get_weather");
    CHECK(json::parse(call["function"]["arguments"].get<std::string>()) ==
          json{{"text", "lorem ipsum dolor"}});
}

TEST_CASE("a malformed reply is no JSON", "[sim]") {
    auto plan = plan_of(3);
    plan.fault.kind = Fault::Kind::malformed;
    CHECK_FALSE(json::accept(completion_body(plan)));
}

TEST_CASE("a limited call is told when to come back", "[sim]") {
    auto plan = plan_of(3);
    plan.fault = {Fault::Kind::status, 429};
    std::string reply;
    append_fault(reply, plan, true);
    auto [head, body] = parsed(reply);
    CHECK(head.status == 429);
    CHECK(head.keep_alive);
    CHECK(head.headers.find("retry-after") == "1");
    CHECK(json::parse(body)["error"]["code"] == "rate_limit_exceeded");
}

TEST_CASE("other faults have their status and OpenAI's shape", "[sim]") {
    for (int status : {400, 401, 418, 500, 503, 599}) {
        CAPTURE(status);
        auto plan = plan_of(3);
        plan.fault = {Fault::Kind::status, status};
        std::string reply;
        append_fault(reply, plan, false);
        auto [head, body] = parsed(reply);
        CHECK(head.status == status);
        CHECK_FALSE(head.keep_alive);
        CHECK_FALSE(head.headers.find("retry-after"));
        auto error = json::parse(body)["error"];
        CHECK(error["message"].is_string());
        CHECK(error.contains("param"));
        CHECK(error["type"] == (status < 500 ? "invalid_request_error" : "server_error"));
    }
}

TEST_CASE("a refusal is a whole reply", "[sim]") {
    std::string reply;
    append_error(reply, fail(Code::not_found, "no such path"), true);
    auto [head, body] = parsed(reply);
    CHECK(head.status == 404);
    CHECK(json::parse(body)["error"]["message"] == "no such path");
}

TEST_CASE("the list of models is never empty and says what they are", "[sim]") {
    Options options;
    auto list = json::parse(models_body(options));
    REQUIRE(list["data"].size() == 1);
    options.models = {"a", "b\"c"};
    list = json::parse(models_body(options));
    CHECK(list["object"] == "list");
    REQUIRE(list["data"].size() == 2);
    CHECK(list["data"][1]["id"] == "b\"c");
    CHECK(list["data"][1]["owned_by"] == "simulated");
}
