#include "core/wire/mapped.hpp"
#include "tests/unit/wire/building.hpp"
#include "tests/unit/wire/feeding.hpp"
#include "tests/unit/wire/naive.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::test;

namespace {

wire::JsonPath path(std::string_view text) {
    auto parsed = wire::JsonPath::parse(text);
    REQUIRE(parsed);
    return *parsed;
}

wire::Mapping::Move move(std::string_view from, std::string_view to) {
    return {path(from), path(to)};
}

/// A host that puts everything elsewhere.
wire::Mapping elsewhere() {
    wire::Mapping mapping;
    mapping.request_move = {move("messages", "input.messages"),
                            move("max_tokens", "parameters.max_new_tokens")};
    mapping.request_remove = {path("stream_options")};
    mapping.request_set = {{path("parameters.format"), "\"chat\""}};
    mapping.done = "END";
    mapping.reply_move = {move("output.text", "choices.0.message.content"),
                          move("output.why", "choices.0.finish_reason"),
                          move("count.in", "usage.prompt_tokens"),
                          move("count.out", "usage.completion_tokens")};
    mapping.event_move = {
        move("token", "choices.0.delta.content"), move("why", "choices.0.finish_reason"),
        move("count.in", "usage.prompt_tokens"), move("count.out", "usage.completion_tokens")};
    mapping.finish_words = {{"eos", "stop"}, {"max", "length"}, {"going", ""}};
    mapping.error_code = path("status.code");
    mapping.error_message = path("status.text");
    mapping.success_codes = {"0"};
    mapping.error_words = {{"7", "rate_limit_exceeded"}};
    return mapping;
}

struct Host {
    wire::MappedDialect dialect;

    Host() {
        dialect.output_limit_field = "max_tokens";
        dialect.mapping = elsewhere();
    }

    wire::ReadOptions options(bool stream) const {
        wire::ReadOptions out{.stream = stream};
        out.dialect = &dialect;
        return out;
    }
};

}  // namespace

TEST_CASE("a path finds, takes and puts", "[wire][mapped]") {
    auto value = *wire::parse_json(R"({"a":[{"b":1},{"b":2}],"c":null})");
    CHECK(*path("a.1.b").find(value) == 2);
    CHECK(path("a.2.b").find(value) == nullptr);
    CHECK(path("a.b").find(value) == nullptr);
    CHECK(path("c").find(value) == nullptr);
    CHECK(*path("a.0.b").take(value) == 1);
    CHECK_FALSE(path("a.0.b").take(value));
    path("x.1.y").put(value, "z");
    CHECK(wire::json_text(value) == R"({"a":[{},{"b":2}],"c":null,"x":[null,{"y":"z"}]})");
    CHECK(path("a.1.b").text() == "a.1.b");
    for (const char* wrong :
         {"", ".", "a..b", "a.64", "a.-1", "a.b.", "1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8"})
        CHECK_FALSE(wire::JsonPath::parse(wrong));
}

TEST_CASE("a request is moved to where the host wants it", "[wire][mapped]") {
    Host host;
    auto request = ask("Hi");
    request.stream = true;
    request.output_tokens_max = 5;
    auto out = wire::mapped.write_request(request, host.dialect);
    REQUIRE(out);
    CHECK(normal_json(out->body) == normal_json(R"({"model":"m","stream":true,
        "input":{"messages":[{"role":"user","content":"Hi"}]},
        "parameters":{"max_new_tokens":5,"format":"chat"}})"));
}

TEST_CASE("a stream is read from where the host has it", "[wire][mapped]") {
    Host host;
    std::string body =
        "data: {\"status\":{\"code\":0,\"text\":\"ok\"},\"token\":\"He\",\"why\":\"going\"}\n\n"
        "data: {\"token\":\"llo\"}\n\n"
        "data: {\"why\":\"max\",\"count\":{\"in\":3,\"out\":2}}\n\n"
        "data: END\n\n";
    for (auto cut : {whole(), byte_by_byte()}) {
        auto events = read_reply(wire::mapped, body, host.options(true), cut);
        REQUIRE(events);
        auto reply = put_together(*events);
        CHECK(reply.choices[0].blocks[0].part == llm::Part{llm::Text{"Hello"}});
        REQUIRE(reply.choices[0].finished);
        CHECK(reply.choices[0].finished->reason == llm::Finish::length);
        CHECK(reply.usage->usage == llm::Usage{.input = 3, .output = 2});
    }
    // What ends it never came.
    CHECK_FALSE(read_reply(wire::mapped, "data: {\"token\":\"He\"}\n\n", host.options(true)));
}

TEST_CASE("a plain reply is read from where the host has it", "[wire][mapped]") {
    Host host;
    auto events = read_reply(wire::mapped, R"({"status":{"code":"0"},
        "output":{"text":"Hello","why":"eos"},"count":{"in":3,"out":2}})",
                             host.options(false));
    REQUIRE(events);
    auto reply = put_together(*events);
    CHECK(reply.choices[0].blocks[0].part == llm::Part{llm::Text{"Hello"}});
    CHECK(reply.choices[0].finished->reason == llm::Finish::stop);
    CHECK(reply.usage->usage.output == 2);
}

TEST_CASE("objects one after the other are a stream too", "[wire][mapped]") {
    Host host;
    host.dialect.mapping.stream = wire::Mapping::Stream::objects;
    host.dialect.mapping.done.clear();
    std::string body = "{\"token\":\"He\"}\n{\"token\":\"llo\"}\n";
    auto events = read_reply(wire::mapped, body, host.options(true), at_random(7, 3));
    REQUIRE(events);
    CHECK(put_together(*events).choices[0].blocks[0].part == llm::Part{llm::Text{"Hello"}});
    CHECK_FALSE(read_reply(wire::mapped, "{\"token\":", host.options(true)));
    CHECK_FALSE(read_reply(wire::mapped, "", host.options(true)));
}

TEST_CASE("an error under HTTP 200 is known by its code", "[wire][mapped]") {
    Host host;
    for (bool stream : {true, false}) {
        std::string body = R"({"status":{"code":7,"text":"slow down"}})";
        auto events = read_reply(wire::mapped, stream ? "data: " + body + "\n\n" : body,
                                 host.options(stream));
        REQUIRE(events);
        auto failed = put_together(*events).failed;
        REQUIRE(failed);
        CHECK(failed->code == Code::rate_limited);
        CHECK(failed->message == "slow down");
    }
}
