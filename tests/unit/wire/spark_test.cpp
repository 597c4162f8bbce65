#include "core/wire/spark.hpp"
#include "tests/unit/wire/building.hpp"
#include "tests/unit/wire/feeding.hpp"
#include "tests/unit/wire/naive.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::test;

namespace {

wire::WrittenRequest written(const llm::ChatRequest& request) {
    auto out = wire::spark.write_request(request, {});
    REQUIRE(out);
    return *out;
}

std::string message(int status, std::string_view text, std::string_view more = {}) {
    auto number = std::to_string(status);
    return R"({"header":{"code":0,"message":"Success","sid":"cht000","status":)" + number +
           R"(},"payload":{"choices":{"status":)" + number + R"(,"seq":0,"text":[)" +
           std::string(text) + "]}" + std::string(more) + "}}";
}

constexpr std::string_view used =
    R"(,"usage":{"text":{"question_tokens":4,"prompt_tokens":5,"completion_tokens":9,"total_tokens":14}})";

}  // namespace

TEST_CASE("a message is written in Spark's words", "[wire][spark]") {
    auto request = ask("Look");
    request.messages.insert(request.messages.begin(), says(llm::Role::system, "Be brief."));
    auto answer = says(llm::Role::assistant);
    answer.content.push_back({llm::ToolCall{"c1", "weather", R"({"at":"here"})"}});
    request.messages.push_back(answer);
    request.messages.push_back(says(llm::Role::tool));
    request.messages.back().content = {result_of("c1", {"sun"})};
    request.tools = {function_tool("weather", R"({"type":"object"})")};
    request.output_tokens_max = 7;
    request.sampling.temperature = 0.5;
    request.sampling.top_k = 4;
    request.user = "ann";
    auto out = written(request);
    CHECK(out.losses.empty());
    CHECK(normal_json(wire::with_spark_app(out.body, "A\"1")) ==
          normal_json(R"({"header":{"app_id":"A\"1","uid":"ann"},
        "parameter":{"chat":{"domain":"m","temperature":0.5,"top_k":4,"max_tokens":7}},
        "payload":{"message":{"text":[
            {"role":"system","content":"Be brief."},
            {"role":"user","content":"Look"},
            {"role":"assistant","content":"{\"function_call\":{\"name\":\"weather\",\"arguments\":\"{\\\"at\\\":\\\"here\\\"}\"}}"},
            {"role":"user","content":"The result of the function weather:\nsun"}]},
          "functions":{"text":[{"name":"weather","description":"","parameters":{"type":"object"}}]}}})"));
    request.user = std::string(33, 'x');
    CHECK(normal_json(wire::with_spark_app(written(request).body, "A")).find("uid") ==
          std::string::npos);
}

TEST_CASE("what Spark's WebSocket has no word for is told", "[wire][spark]") {
    auto request = ask("x");
    request.messages[0].content.push_back({png("AAAA")});
    request.tools = {function_tool("f")};
    request.tool_choice.kind = llm::ToolChoice::Kind::required;
    request.sampling.top_p = 0.5;
    request.sampling.stop = {"END"};
    request.sampling.seed = 1;
    request.reasoning.effort = "high";
    request.response_format.kind = llm::ResponseFormat::Kind::json_object;
    std::vector<std::string> fields;
    for (const auto& loss : written(request).losses)
        fields.push_back(loss.field);
    std::sort(fields.begin(), fields.end());
    CHECK(fields == std::vector<std::string>{"an image in a message", "reasoning_effort",
                                             "response_format", "seed", "stop", "tool_choice",
                                             "top_p"});
}

TEST_CASE("Spark's messages are read up to the last one", "[wire][spark]") {
    auto body =
        message(0, R"({"content":"","reasoning_content":"so","role":"assistant","index":0})") +
        message(1, R"({"content":"Hel","role":"assistant","index":0})") +
        message(1, R"({"content":"lo {\"}","role":"assistant","index":0})") +
        message(
            2,
            R"({"content":"","role":"assistant","index":0,"function_call":{"name":"f","arguments":"{\"a\":1}"}})",
            used);
    for (auto cut : {whole(), byte_by_byte(), at_random(3)}) {
        auto events = read_reply(wire::spark, body, {.stream = true}, cut);
        REQUIRE(events);
        auto reply = put_together(*events);
        CHECK(reply.begun.id == "cht000");
        auto& blocks = reply.choices[0].blocks;
        REQUIRE(blocks.size() == 3);
        CHECK(blocks[0].part == llm::Part{llm::Thinking{"so"}});
        CHECK(blocks[1].part == llm::Part{llm::Text{"Hello {\"}"}});
        CHECK(blocks[2].part == llm::Part{llm::ToolCall{"", "f", R"({"a":1})"}});
        CHECK(reply.choices[0].finished->reason == llm::Finish::tool_calls);
        CHECK(reply.usage->usage == llm::Usage{.input = 5, .output = 9});
    }
}

TEST_CASE("Spark's reply without its last message is none", "[wire][spark]") {
    auto first = message(0, R"({"content":"Hel","role":"assistant","index":0})");
    CHECK_FALSE(read_reply(wire::spark, first, {}));
    CHECK_FALSE(read_reply(wire::spark, "", {}));
    CHECK_FALSE(read_reply(wire::spark, R"({"hello":1})", {}));
    wire::ReadOptions tight{.event_bytes_max = 100};
    CHECK_FALSE(read_reply(wire::spark, first, tight));
}

TEST_CASE("Spark tells errors by numbers", "[wire][spark]") {
    auto told = [](int code) {
        auto events = read_reply(wire::spark,
                                 R"({"header":{"code":)" + std::to_string(code) +
                                     R"(,"message":"no","sid":"cht000","status":2}})",
                                 {});
        REQUIRE(events);
        return *put_together(*events).failed;
    };
    CHECK(told(10013).code == Code::refused);
    CHECK(told(11202).code == Code::rate_limited);
    CHECK(told(11200).code == Code::upstream_credentials);
    CHECK(told(10110).code == Code::upstream_failed);
    CHECK(told(10110).message == "no (10110)");
}
