#include "cli/sim/ollama.hpp"

#include "cli/sim/format.hpp"
#include "cli/sim/plan.hpp"
#include "cli/sim/wire_stream.hpp"
#include "core/http/chunked.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/ollama.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::sim;
using nlohmann::json;

namespace {

struct Played {
    wire::WholeReply reply;
    std::string bytes;
    std::string type;
};

/// What our own reader makes of the reply.
Played play(std::string_view path, const std::string& body) {
    auto asked = asked_by(path);
    REQUIRE(asked);
    auto call = read_call(*asked, body);
    if (!call)
        FAIL(call.error().message);
    Options options;
    options.ttft = options.itl = milliseconds(0);
    auto plan = make_plan(options, *call, 7);
    plan.format = asked->format;
    Played out;
    bool stream = call->chat.stream;
    if (stream) {
        std::string chunks;
        auto lines = new_stream(std::move(plan));
        out.type = lines->content_type();
        while (lines->next(chunks) == Stream::Next::more) {
        }
        http::ChunkedDecoder decoder;
        for (std::string_view rest = chunks; !rest.empty() && !decoder.done();) {
            auto step = decoder.next(rest);
            REQUIRE(step);
            out.bytes += step->payload;
            rest.remove_prefix(step->consumed);
        }
    } else {
        out.bytes = wire_body(plan);
    }
    auto reader = wire::ollama.new_reader({.stream = stream});
    std::vector<llm::ReplyEvent> events;
    REQUIRE(reader->feed(out.bytes, events));
    REQUIRE(reader->finish(events));
    for (const auto& event : events)
        add_event(out.reply, event);
    return out;
}

std::string text_of(const Played& played) {
    std::string out;
    for (const auto& [index, block] : played.reply.choices.at(0).blocks)
        if (const auto* text = std::get_if<llm::Text>(&block.part.what))
            out += text->text;
    return out;
}

}  // namespace

TEST_CASE("Ollama streams unless told not to, a line for each token, with its figures", "[sim]") {
    for (const std::string stream : {"", R"(,"stream":true)", R"(,"stream":false)"}) {
        INFO(stream);
        auto played = play("/api/chat", R"({"model":"m","options":{"num_predict":2},"messages":[
            {"role":"system","content":"be kind"},
            {"role":"user","content":"one two [[sim:tokens=3]][[sim:think=1]]"}])" +
                                            stream + "}");
        bool streams = stream.find("false") == std::string::npos;
        CHECK(std::count(played.bytes.begin(), played.bytes.end(), '\n') == (streams ? 4 : 0));
        CHECK(played.type == (streams ? "application/x-ndjson" : ""));
        CHECK(text_of(played) == "lorem ipsum");
        CHECK(played.reply.choices[0].finished->reason == llm::Finish::length);
        REQUIRE(played.reply.usage);
        CHECK(played.reply.usage->usage.input == 5 + 2 * 4);
        CHECK(played.reply.usage->usage.output == 3);
        auto first = json::parse(played.bytes.substr(0, played.bytes.find('\n')));
        CHECK(first["message"]["thinking"] == "lorem");
    }
}

TEST_CASE("Ollama's generate answers with a text of its own", "[sim]") {
    for (const std::string stream : {"true", "false"}) {
        auto played = play("/api/generate",
                           R"({"model":"m","system":"s","prompt":"[[sim:echo]]say it","stream":)" +
                               stream + "}");
        CHECK(text_of(played) == "say it");
        CHECK(played.bytes.find("\"message\"") == std::string::npos);
    }
}

TEST_CASE("Ollama calls a tool in one piece", "[sim]") {
    for (const std::string stream : {"true", "false"}) {
        auto played =
            play("/api/chat", R"({"model":"m","messages":[{"role":"user","content":"[[sim:tool]]"}],
            "tools":[{"type":"function","function":{"name":"weather","parameters":{}}}],"stream":)" +
                                  stream + "}");
        const auto& block = played.reply.choices[0].blocks.begin()->second;
        const auto* call = std::get_if<llm::ToolCall>(&block.part.what);
        REQUIRE(call != nullptr);
        CHECK(call->name == "weather");
        CHECK(json::parse(call->arguments).is_object());
        CHECK(played.reply.choices[0].finished->reason == llm::Finish::tool_calls);
    }
}

TEST_CASE("Ollama tells errors as one text, and lists its models", "[sim]") {
    const auto* format = asked_by("/api/chat")->format;
    CHECK(json::parse(error_body(format, fail(Code::not_found, "no such model"))) ==
          json{{"error", "no such model"}});
    for (const char* bad : {"", "{}", R"({"model":"m"})", R"({"model":"m","messages":[]})"})
        CHECK_FALSE(read_call(*asked_by("/api/chat"), bad));
    Options options;
    options.models = {"a", "b:7b"};
    auto list = json::parse(ollama_models(options));
    CHECK(list["models"].size() == 2);
    CHECK(list["models"][1]["model"] == "b:7b");
}
