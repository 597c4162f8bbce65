#include "core/wire/completions.hpp"

#include "core/wire/json.hpp"
#include "tests/support/recordings.hpp"
#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using namespace obliv::test;
using wire::Json;

namespace {

std::vector<Recording> all_recordings() {
    std::vector<Recording> out;
    for (const auto* provider : {"ollama", "openai", "together"})
        for (auto& recording : recordings_of(provider))
            if (recording.path == "/v1/completions" && recording.status == 200)
                out.push_back(std::move(recording));
    return out;
}

struct Expected {
    std::string text;
    std::string finish;
    Json usage;
};

/// A naive look at the JSON of a reply, stream or not.
Expected naive(const Recording& recording) {
    Expected out;
    auto note = [&](const Json& json) {
        for (const auto& choice : json["choices"]) {
            out.text += choice["text"].get<std::string>();
            if (choice.contains("finish_reason") && choice["finish_reason"].is_string())
                out.finish = choice["finish_reason"];
        }
        if (json.contains("usage") && json["usage"].is_object())
            out.usage = json["usage"];
    };
    if (!recording.stream) {
        note(Json::parse(recording.body));
        return out;
    }
    std::size_t at = 0;
    while ((at = recording.body.find("data: {", at)) != std::string::npos) {
        auto end = recording.body.find('\n', at);
        note(Json::parse(recording.body.substr(at + 6, end - at - 6)));
        at = end;
    }
    return out;
}

std::string text_of(const wire::WholeReply& reply, std::int32_t choice = 0) {
    const auto& blocks = reply.choices.at(choice).blocks;
    return blocks.empty() ? "" : std::get<llm::Text>(blocks.at(0).part.what).text;
}

wire::WriteOptions options(bool stream) {
    wire::WriteOptions out;
    out.stream = stream;
    out.model = "m";
    out.request_id = "r1";
    return out;
}

}  // namespace

TEST_CASE("every recorded completion is read without loss, however it is cut", "[wire]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::size_t count = 0;
    for (const auto& recording : all_recordings()) {
        INFO(recording.file);
        ++count;
        auto expected = naive(recording);
        for (const auto& cut : {whole(), byte_by_byte(), at_random(seed)}) {
            auto events = read_reply(wire::completions, recording.body, {}, cut);
            REQUIRE(events);
            auto reply = put_together(*events);
            CHECK(text_of(reply) == expected.text);
            CHECK(reply.choices[0].finished->raw == expected.finish);
            REQUIRE(reply.usage.has_value() == expected.usage.is_object());
            if (reply.usage) {
                CHECK(reply.usage->usage.input_all() == expected.usage["prompt_tokens"]);
                CHECK(reply.usage->usage.output_all() == expected.usage["completion_tokens"]);
            }
        }
    }
    CHECK(count >= 15);
}

TEST_CASE("every recorded completion request comes out as it was", "[wire]") {
    for (const auto& recording : all_recordings()) {
        INFO(recording.request);
        auto request = wire::completions.read_request({recording.request});
        REQUIRE(request);
        auto written = wire::completions.write_request(*request, {});
        REQUIRE(written);
        CHECK(written->losses.empty());
        auto original = nlohmann::json::parse(recording.request);
        // Nulls say nothing, and one prompt is one however it is written.
        for (auto it = original.begin(); it != original.end();)
            it = it->is_null() || *it == false ? original.erase(it) : std::next(it);
        if (original["prompt"].is_array() && original["prompt"].size() == 1)
            original["prompt"] = nlohmann::json(original["prompt"][0]);
        CHECK(nlohmann::json::parse(written->body) == original);
    }
}

TEST_CASE("a completion that we write reads the same, streamed or not", "[wire]") {
    std::string body =
        R"({"id":"cmpl-1","created":5,"model":"x","choices":[)"
        R"({"index":0,"text":"né","finish_reason":"stop","logprobs":{"tokens":["n","é"],)"
        R"("token_logprobs":[-0.5,-1.0],"top_logprobs":[{"n":-0.5},{"é":-1.0}],)"
        R"("text_offset":[0,1]}},{"index":1,"text":"b","finish_reason":"length"}],)"
        R"("usage":{"prompt_tokens":3,"completion_tokens":2}})";
    auto events = read_reply(wire::completions, body, {});
    REQUIRE(events);
    for (bool stream : {true, false}) {
        auto text = written_reply(wire::completions, *events, options(stream));
        INFO(text);
        auto again = read_reply(wire::completions, text, {});
        REQUIRE(again);
        auto reply = put_together(*again);
        CHECK(text_of(reply) == "né");
        CHECK(text_of(reply, 1) == "b");
        CHECK(reply.choices[1].finished->reason == llm::Finish::length);
        CHECK(reply.choices[0].logprobs == put_together(*events).choices[0].logprobs);
        CHECK(reply.usage->usage.output == 2);
        CHECK(text.find("\"text_offset\":[0,1]") != std::string::npos);
    }
}

TEST_CASE("the usage of a streamed completion is told only to who asked for it", "[wire]") {
    Events events{{llm::Begun{"c", "m", 1}},
                  {llm::TextPiece{"a"}},
                  {llm::Finished{}},
                  {llm::UsageReport{{.input = 1, .output = 1}}}};
    auto quiet = options(true);
    quiet.usage = false;
    CHECK(written_reply(wire::completions, events, quiet).find("usage") == std::string::npos);
    CHECK(written_reply(wire::completions, events, options(true)).find("\"total_tokens\":2") !=
          std::string::npos);
}

TEST_CASE("a prompt is what a user says, and many prompts only this format knows", "[wire]") {
    auto one = wire::completions.read_request({R"({"model":"m","prompt":["hello"]})"});
    REQUIRE(one);
    REQUIRE(one->messages.size() == 1);
    CHECK(std::get<llm::Text>(one->messages[0].content[0].what).text == "hello");
    for (const auto* prompt : {R"(["a","b"])", "[1,2,3]", "[[1],[2]]"}) {
        auto many = wire::completions.read_request(
            {std::string(R"({"model":"m","prompt":)") + prompt + "}"});
        REQUIRE(many);
        CHECK(many->messages.empty());
        REQUIRE(many->extras.size() == 1);
        CHECK(many->extras[0].name == "prompt");
        CHECK_FALSE(many->extras[0].hint);
    }
}

TEST_CASE("completion fields that change nothing are hints, others are not", "[wire]") {
    auto request = wire::completions.read_request(
        {R"({"model":"m","prompt":"p","echo":false,"best_of":1,"suffix":"end"})"});
    REQUIRE(request);
    for (const auto& extra : request->extras)
        CHECK(extra.hint == (extra.name != "suffix"));
    CHECK(request->extras.size() == 3);
}

TEST_CASE("a chat becomes one prompt, and what that cannot say is lost aloud", "[wire]") {
    llm::ChatRequest chat;
    chat.wire = "openai";
    chat.model = "m";
    chat.messages.push_back({llm::Role::system, {{llm::Text{"Be brief."}}}});
    chat.messages.push_back({llm::Role::user, {{llm::Text{"Hi"}}}});
    chat.tools.emplace_back();
    auto written = wire::completions.write_request(chat, {});
    REQUIRE(written);
    CHECK(Json::parse(written->body)["prompt"] == "Be brief.\n\nHi");
    CHECK(written->losses.size() == 2);
}

TEST_CASE("bad completion requests are refused by the name of the field", "[wire]") {
    struct Row {
        const char* body;
        const char* param;
    };
    for (const auto& row :
         {Row{R"({"prompt":"p"})", "model"}, Row{R"({"model":"m","prompt":5})", "prompt"},
          Row{R"({"model":"m","prompt":"p","n":0})", "n"},
          Row{R"({"model":"m","prompt":"p","logprobs":"x"})", "logprobs"}}) {
        auto request = wire::completions.read_request({row.body});
        REQUIRE_FALSE(request);
        CHECK(request.error().param == row.param);
    }
}

TEST_CASE("a completion stream without its end is an error, an error in it is told", "[wire]") {
    CHECK_FALSE(read_reply(wire::completions,
                           "data: {\"choices\":[{\"index\":0,\"text\":\"a\"}]}\n\n", {}));
    auto events =
        read_reply(wire::completions,
                   "data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}\n\n", {});
    REQUIRE(events);
    CHECK(put_together(*events).failed->message.find("busy") != std::string::npos);
}
