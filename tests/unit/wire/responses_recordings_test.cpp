// The recorded exchanges of the Responses API, against what a naive look at their JSON finds.
#include "core/wire/json.hpp"
#include "core/wire/responses.hpp"
#include "tests/support/recordings.hpp"
#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using namespace obliv::test;
using wire::Json;

namespace {

bool speaks_responses(const Recording& recording) {
    if (!recording.path.empty())
        return recording.path.ends_with("/responses") && !recording.body.empty();
    return recording.api == "responses" ||
           (recording.api == "native" &&
            recording.body.find("\"output_index\"") != std::string::npos);
}

std::vector<Recording> all_recordings() {
    std::vector<Recording> out;
    for (const auto* provider : {"azure", "deepseek", "openai", "xai"})
        for (auto& recording : recordings_of(provider))
            // In the source, two chunks of the one lack their closing brace, and the pieces of the
            // other are not those of its whole.
            if (speaks_responses(recording) &&
                recording.file.find("parallel-tool-call-wrapper") == std::string::npos &&
                recording.file.find("openai-shell-container") == std::string::npos)
                out.push_back(std::move(recording));
    return out;
}

/// Every JSON document of a reply, found without our own decoder.
std::vector<Json> documents(const Recording& recording) {
    std::vector<Json> out;
    if (!recording.stream) {
        out.push_back(Json::parse(recording.body));
        return out;
    }
    std::size_t at = 0;
    while ((at = recording.body.find("data:", at)) != std::string::npos) {
        auto end = recording.body.find('\n', at);
        auto line = recording.body.substr(at + 5, end - at - 5);
        if (line.find('{') != std::string::npos)
            out.push_back(Json::parse(line));
        at += 5;
    }
    return out;
}

struct Expected {
    std::string text;
    std::string thought;
    std::vector<llm::ToolCall> calls;
    std::size_t opaque = 0;
    std::size_t citations = 0;
    std::string status;
    Json usage;
    std::string id;
    std::string proofs;
};

std::string text_or_none(const Json& object, const char* name) {
    return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

void note_item(const Json& item, Expected& out) {
    auto type = item.at("type").get<std::string>();
    if (type == "message") {
        for (const auto& part : item["content"]) {
            out.text += text_or_none(part, "text");
            out.citations += part.value("annotations", Json::array()).size();
        }
    } else if (type == "reasoning") {
        for (const auto& part : item.value("summary", Json::array()))
            out.thought += part["text"].get<std::string>();
        if (item.contains("content") && item["content"].is_array())
            for (const auto& part : item["content"])
                out.thought += part["text"].get<std::string>();
        out.proofs += text_or_none(item, "encrypted_content");
    } else if (type == "function_call") {
        out.calls.push_back({item["call_id"], item["name"], item["arguments"], false, {}});
    } else {
        ++out.opaque;
    }
}

Expected naive(const Recording& recording) {
    Expected out;
    for (const auto& document : documents(recording)) {
        auto type = document.value("type", "");
        if (type == "response.output_item.done")
            note_item(document["item"], out);
        if (type == "response.created")
            out.id = document["response"]["id"];
        bool last = type == "response.completed" || type == "response.incomplete";
        if (!last && recording.stream)
            continue;
        const auto& response = last ? document["response"] : document;
        if (out.id.empty())
            out.id = response["id"];
        out.status = text_or_none(response, "status");
        if (response.contains("usage"))
            out.usage = response["usage"];
        if (!recording.stream)
            for (const auto& item : response["output"])
                note_item(item, out);
    }
    return out;
}

struct Found {
    Expected what;
    std::vector<llm::Finished> finished;
    std::optional<llm::Usage> usage;
};

void note_part(const llm::Part& part, Found& out) {
    if (const auto* text = std::get_if<llm::Text>(&part.what)) {
        out.what.text += text->text;
        out.what.citations += text->citations.size();
    } else if (const auto* thought = std::get_if<llm::Thinking>(&part.what)) {
        out.what.thought += thought->text;
        out.what.proofs += thought->proof.data;
    } else if (const auto* call = std::get_if<llm::ToolCall>(&part.what)) {
        out.what.calls.push_back(*call);
    } else {
        ++out.what.opaque;
    }
}

Found found_in(const Events& events) {
    auto reply = put_together(events);
    Found out;
    for (const auto& [number, block] : reply.choices[0].blocks)
        note_part(block.part, out);
    for (const auto& event : events)
        if (const auto* finished = std::get_if<llm::Finished>(&event.what))
            out.finished.push_back(*finished);
    if (reply.usage)
        out.usage = reply.usage->usage;
    out.what.id = reply.begun.id;
    return out;
}

void compare(const Expected& expected, const Found& found) {
    CHECK(found.what.id == expected.id);
    CHECK(found.what.text == expected.text);
    CHECK(found.what.thought == expected.thought);
    CHECK(found.what.proofs == expected.proofs);
    CHECK(found.what.citations == expected.citations);
    CHECK(found.what.opaque == expected.opaque);
    REQUIRE(found.what.calls.size() == expected.calls.size());
    for (std::size_t i = 0; i < expected.calls.size(); ++i) {
        CHECK(found.what.calls[i].id == expected.calls[i].id);
        CHECK(found.what.calls[i].name == expected.calls[i].name);
        CHECK(Json::parse(found.what.calls[i].arguments) ==
              Json::parse(expected.calls[i].arguments));
    }
    REQUIRE(found.finished.size() == 1);
    auto reason = found.finished[0].reason;
    if (expected.status == "queued")
        CHECK(reason == llm::Finish::other);
    else
        CHECK(reason == (expected.calls.empty() ? llm::Finish::stop : llm::Finish::tool_calls));
    REQUIRE(found.usage.has_value() == expected.usage.is_object());
    if (found.usage) {
        CHECK(found.usage->input_all() == expected.usage["input_tokens"]);
        CHECK(found.usage->output_all() == expected.usage["output_tokens"]);
        CHECK(found.usage->cache_read == expected.usage["input_tokens_details"]["cached_tokens"]);
        CHECK(found.usage->reasoning ==
              expected.usage["output_tokens_details"]["reasoning_tokens"]);
    }
}

/// Two spellings of one request: the longer ones as the shorter ones, and ids of the provider's
/// store left out. docs/conversion/responses.md lists them.
Json normal(Json request) {
    auto input = request["input"];
    if (input.is_string())
        input = Json::array({{{"role", "user"}, {"content", input}}});
    for (auto& item : input) {
        if (item.contains("role")) {
            for (const auto* name : {"type", "id", "status", "phase"})
                item.erase(name);
            auto& content = item["content"];
            bool one = content.is_array() && content.size() == 1 && content[0].contains("text") &&
                       content[0].value("annotations", Json::array()).empty();
            if (one)
                content = content[0]["text"];
        } else if (item["type"] == "function_call") {
            item.erase("id");
        }
    }
    if (!request.contains("instructions") && !input.empty() &&
        input[0].value("role", "") == "system") {
        request["instructions"] = input[0]["content"];
        input.erase(input.begin());
    }
    request["input"] = input;
    if (text_or_none(request, "instructions").empty())
        request.erase("instructions");
    if (request.contains("tools"))
        for (auto& tool : request["tools"])
            if (text_or_none(tool, "description").empty())
                tool.erase("description");
    if (request.contains("stream") && request["stream"] == false)
        request.erase("stream");
    if (request.contains("reasoning") && request["reasoning"].contains("generate_summary")) {
        request["reasoning"]["summary"] = request["reasoning"]["generate_summary"];
        request["reasoning"].erase("generate_summary");
    }
    // Through the unordered kind, and without nulls, which say nothing.
    auto plain = nlohmann::json::parse(request.dump());
    std::function<void(nlohmann::json&)> strip = [&](nlohmann::json& value) {
        for (auto it = value.begin(); value.is_object() && it != value.end();)
            it = it->is_null() ? value.erase(it) : std::next(it);
        for (auto& inner : value)
            if (inner.is_structured())
                strip(inner);
    };
    strip(plain);
    return Json::parse(plain.dump());
}

}  // namespace

TEST_CASE("every recorded Responses reply is read without loss, however it is cut", "[wire]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::size_t count = 0;
    for (const auto& recording : all_recordings()) {
        INFO(recording.file);
        if (recording.status != 200)
            continue;
        ++count;
        auto expected = naive(recording);
        wire::ReadOptions options;
        options.stream = recording.stream;
        for (const auto& cut : {whole(), byte_by_byte(), at_random(seed)}) {
            auto events = read_reply(wire::responses, recording.body, options, cut);
            if (!events)
                FAIL(events.error().message);
            compare(expected, found_in(*events));
        }
    }
    CHECK(count > 100);
}

TEST_CASE("a recorded Responses error is an error of the reply", "[wire]") {
    std::size_t count = 0;
    for (const auto& recording : all_recordings()) {
        if (recording.status == 200)
            continue;
        INFO(recording.file);
        ++count;
        auto events = read_reply(wire::responses, recording.body, {});
        REQUIRE(events);
        CHECK(put_together(*events).failed.has_value());
    }
    CHECK(count > 0);
}

TEST_CASE("every recorded Responses request comes out of our hands as it was", "[wire]") {
    std::size_t count = 0;
    for (const auto& recording : all_recordings()) {
        if (recording.request.empty())
            continue;
        auto original = Json::parse(recording.request);
        if (original.value("background", false))
            continue;
        INFO(recording.file);
        INFO(recording.request);
        ++count;
        auto request = wire::responses.read_request({recording.request});
        if (!request)
            FAIL(request.error().message);
        auto written = wire::responses.write_request(*request, {});
        REQUIRE(written);
        CHECK(written->losses.empty());
        CHECK(nlohmann::json::parse(normal(Json::parse(written->body)).dump()) ==
              nlohmann::json::parse(normal(original).dump()));
    }
    CHECK(count > 100);
}

TEST_CASE("what the Responses writer makes of a recorded reply reads the same", "[wire]") {
    for (const auto& recording : all_recordings()) {
        if (recording.status != 200)
            continue;
        auto events = read_reply(wire::responses, recording.body, {});
        REQUIRE(events);
        auto expected = found_in(*events);
        if (expected.finished[0].reason == llm::Finish::other)
            continue;  // a response that has not ended cannot be told as one that has
        for (bool stream : {true, false}) {
            INFO(recording.file << (stream ? " as a stream" : " as a document"));
            wire::WriteOptions options;
            options.stream = stream;
            options.model = "m";
            options.request_id = "r1";
            auto text = written_reply(wire::responses, *events, options);
            auto again = read_reply(wire::responses, text, {});
            if (!again)
                FAIL(again.error().message << "\n" << text);
            auto found = found_in(*again);
            CHECK(found.what.id == "resp_r1");
            found.what.id = expected.what.id;
            CHECK(found.what.text == expected.what.text);
            CHECK(found.what.thought == expected.what.thought);
            CHECK(found.what.proofs == expected.what.proofs);
            CHECK(found.what.citations == expected.what.citations);
            CHECK(found.what.opaque == expected.what.opaque);
            CHECK(found.what.calls == expected.what.calls);
            CHECK(found.finished[0].reason == expected.finished[0].reason);
            CHECK(found.usage == expected.usage);
        }
    }
}
