#include "core/llm/chat_call.hpp"

#include "tests/support/padded.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::llm;
using obliv::test::Padded;

namespace {

Result<ChatCall> parse(std::string_view body) {
    Padded padded(body);
    return parse_chat_call(padded.view());
}

/// The body that upstream gets.
std::string upstream_body(std::string_view body, std::string_view model) {
    Padded padded(body);
    auto call = parse_chat_call(padded.view());
    REQUIRE(call);
    std::string out;
    std::size_t at = 0;
    for (const auto& edit : upstream_edits(*call, model)) {
        out += body.substr(at, edit.span.at - at);
        out += edit.text;
        at = edit.span.at + edit.span.length;
    }
    return out + std::string(body.substr(at));
}

void refused(std::string_view body, std::string_view because) {
    INFO(body);
    auto call = parse(body);
    REQUIRE(!call);
    CHECK(call.error().code == Code::invalid_request);
    CHECK_THAT(call.error().message, Catch::Contains(std::string(because)));
}

}  // namespace

TEST_CASE("the fields that route and price a call are read", "[llm]") {
    auto call =
        parse(R"( {"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true,
        "max_tokens":7,"n":3,"temperature":0.5,"x":{"model":"other","stream":false}} )");
    REQUIRE(call);
    CHECK(call->model == "gpt-4o");
    CHECK(call->stream);
    CHECK(!call->usage_asked);
    CHECK(call->output_tokens_max == 7);
    CHECK(call->choices == 3);
}

TEST_CASE("the larger of the two output limits counts, and null means absent", "[llm]") {
    CHECK(parse(R"({"model":"m","messages":[1],"max_tokens":7,"max_completion_tokens":9})")
              ->output_tokens_max == 9);
    CHECK(parse(R"({"model":"m","messages":[1],"max_tokens":9,"max_completion_tokens":1})")
              ->output_tokens_max == 9);
    CHECK(parse(R"({"model":"m","messages":[1],"max_tokens":7,"max_completion_tokens":null})")
              ->output_tokens_max == 7);
    CHECK(!parse(R"({"model":"m","messages":[1],"max_tokens":null,"stream":null,"n":null})")
               ->output_tokens_max);
}

TEST_CASE("escapes in keys and in the model's name are understood", "[llm]") {
    auto call = parse(R"({"mod\u0065l":"a\"b\u0041","messages":[1]})");
    REQUIRE(call);
    CHECK(call->model == "a\"bA");
    CHECK(upstream_body(R"({"mod\u0065l":"a\"b\u0041","messages":[1]})", "z\"") ==
          R"({"mod\u0065l":"z\"","messages":[1]})");
}

TEST_CASE("a body without need of change goes as it is", "[llm]") {
    CHECK(upstream_body(R"({"model":"m", "messages" : [1] , "z":1e999})", "m") ==
          R"({"model":"m", "messages" : [1] , "z":1e999})");
    CHECK(
        upstream_body(
            R"({"model":"m","messages":[1],"stream":true,"stream_options":{"include_usage":true}})",
            "m") ==
        R"({"model":"m","messages":[1],"stream":true,"stream_options":{"include_usage":true}})");
}

TEST_CASE("a stream asks upstream for its usage, whatever stream_options says", "[llm]") {
    CHECK(upstream_body(R"({"model":"m","messages":[1],"stream":true})", "m") ==
          R"({"stream_options":{"include_usage":true},"model":"m","messages":[1],"stream":true})");
    CHECK(upstream_body(R"({"stream":true,"stream_options":{},"model":"m","messages":[1]})", "x") ==
          R"({"stream":true,"stream_options":{"include_usage":true},"model":"x","messages":[1]})");
    CHECK(
        upstream_body(R"({"stream":true,"stream_options":null,"model":"m","messages":[1]})", "m") ==
        R"({"stream":true,"stream_options":{"include_usage":true},"model":"m","messages":[1]})");
    CHECK(
        upstream_body(
            R"({"stream":true,"stream_options": { "include_usage": false },"model":"m","messages":[1]})",
            "m") ==
        R"({"stream":true,"stream_options": { "include_usage": true },"model":"m","messages":[1]})");
    CHECK(
        upstream_body(
            R"({"stream":true,"stream_options":{"include_usage":null,"a":1},"model":"m","messages":[1]})",
            "m") ==
        R"({"stream":true,"stream_options":{"include_usage":true,"a":1},"model":"m","messages":[1]})");
    CHECK(
        upstream_body(
            R"({"stream":true,"stream_options":{"include_obfuscation":false},"model":"m","messages":[1]})",
            "m") ==
        R"({"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"model":"m","messages":[1]})");
}

TEST_CASE("a second occurrence of what routes or prices a call is refused", "[llm]") {
    refused(R"({"model":"cheap","messages":[1],"model":"dear"})", "'model' is given twice");
    refused(R"({"model":"cheap","messages":[1],"\u006dodel":"dear"})", "'model' is given twice");
    refused(R"({"model":"m","messages":[1],"max_tokens":1,"max_tokens":100000})",
            "'max_tokens' is given twice");
    refused(
        R"({"model":"m","messages":[1],"stream_options":{"include_usage":true,"include_usage":false}})",
        "given twice");
}

TEST_CASE("wrong types and numbers out of range are named", "[llm]") {
    refused(R"({"messages":[1]})", "'model'");
    refused(R"({"model":"","messages":[1]})", "'model'");
    refused(R"({"model":7,"messages":[1]})", "'model' must be a string");
    refused(R"({"model":null,"messages":[1]})", "'model' must be a string");
    refused(R"({"model":"m"})", "'messages'");
    refused(R"({"model":"m","messages":[]})", "at least one message");
    refused(R"({"model":"m","messages":{}})", "'messages'");
    refused(R"({"model":"m","messages":[1],"stream":"yes"})", "'stream'");
    refused(R"({"model":"m","messages":[1],"max_tokens":-1})", "'max_tokens'");
    refused(R"({"model":"m","messages":[1],"max_tokens":0})", "'max_tokens'");
    refused(R"({"model":"m","messages":[1],"max_tokens":1.5})", "'max_tokens'");
    refused(R"({"model":"m","messages":[1],"max_tokens":"9"})", "'max_tokens'");
    refused(R"({"model":"m","messages":[1],"max_tokens":99999999999999999999999})", "'max_tokens'");
    refused(R"({"model":"m","messages":[1],"max_completion_tokens":100000001})",
            "'max_completion_tokens'");
    refused(R"({"model":"m","messages":[1],"n":0})", "'n'");
    refused(R"({"model":"m","messages":[1],"n":1000000})", "'n'");
    refused(R"({"model":"m","messages":[1],"stream_options":[]})", "'stream_options'");
    refused(R"({"model":"m","messages":[1],"stream_options":{"include_usage":"x"}})",
            "include_usage");
    refused("{\"model\":\"" + std::string(129, 'm') + "\",\"messages\":[1]}", "'model'");
}

TEST_CASE("what is not one JSON object of valid UTF-8 is refused", "[llm]") {
    refused("", "JSON");
    refused("   ", "JSON");
    refused("[]", "object");
    refused("\"x\"", "object");
    refused("{", "JSON");
    refused(R"({"model":"m","messages":[1])", "JSON");
    refused(R"({"model":"m","messages":[1]}})", "JSON object");
    refused(R"({"model":"m","messages":[1]} {"model":"n"})", "JSON object");
    refused(R"({"model":"m)", "JSON");
    refused(R"({"model":"m" "messages":[1]})", "JSON");
    refused("{\"model\":\"m\xff\",\"messages\":[1]}", "UTF-8");
    refused("{\"model\":\"m\",\"messages\":[\"\xc0\xaf\"]}", "UTF-8");
}

TEST_CASE("nesting has a limit, wherever it stands", "[llm]") {
    auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(parse(R"({"model":"m","messages":[)" + nested(62) + "]}"));
    refused(R"({"model":"m","messages":[)" + nested(63) + "]}", "nested");
    CHECK(parse(R"({"model":"m","messages":[1],"x":)" + nested(63) + "}"));
    refused(R"({"model":"m","messages":[1],"x":)" + nested(64) + "}", "nested");
    refused(R"({"model":"m","messages":[1],"x":)" + nested(100'000) + "}", "nested");
    std::string objects;
    for (int i = 0; i < 100; ++i)
        objects += R"({"a":)";
    refused(R"({"model":"m","messages":[1],"x":)" + objects + "1" + std::string(100, '}') + "}",
            "nested");
    refused(R"({"model":"m","messages":)" + std::string(100'000, '['), "");
}

TEST_CASE("a field that some readers would take for a deciding one is refused", "[llm]") {
    for (std::string field :
         {R"("Model":"dear")", R"("MAX_TOKENS":9)", R"("N":9)", R"("Stream":true)",
          R"("\u004dodel":"dear")", R"("me\u017f\u017fages":[1])", R"("max_to\u212Aens":9)"}) {
        INFO(field);
        CHECK(!parse(R"({"model":"m","messages":[1],)" + field + "}"));
    }
    CHECK(parse(R"({"model":"m","messages":[1],"Models":1,"x":{"Model":1},"\u017f":2,"":3})"));
}

TEST_CASE("a plain call needs no messages, never streams and may have a default model", "[llm]") {
    test::Padded named_body(R"({"input":["a"],"model":"m","stream":true})");
    auto call = parse_plain_call(named_body.view(), "");
    REQUIRE(call);
    CHECK(call->model == "m");
    CHECK_FALSE(call->stream);
    CHECK(upstream_edits(*call, "up").size() == 1);

    test::Padded unnamed_body(R"({"input":"a"})");
    auto body = unnamed_body.view();
    CHECK_FALSE(parse_plain_call(body, ""));
    auto named = parse_plain_call(body, "fallback");
    REQUIRE(named);
    CHECK(named->model == "fallback");
    CHECK(upstream_edits(*named, "fallback").empty());
    auto edits = upstream_edits(*named, "up");
    REQUIRE(edits.size() == 1);
    CHECK(edits[0].text == "\"model\":\"up\",");
    CHECK(edits[0].span.at == 1);
}
