// The recorded exchanges with Bedrock's Converse, against what a naive look at their JSON finds.
#include "core/wire/aws_events.hpp"
#include "core/wire/bedrock.hpp"
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

bool is_converse(const Recording& recording) {
    return recording.status == 200 &&
           (recording.path.empty() || recording.path.find("/converse") != std::string::npos);
}

/// The bytes as they came. Streams that were kept as payloads get frames.
std::string bytes_of(const Recording& recording) {
    if (recording.chunks.empty())
        return recording.body;
    std::string out;
    for (const auto& chunk : recording.chunks) {
        auto event = Json::parse(chunk);
        wire::append_aws_event(out, event.begin().key(), event.begin().value().dump());
    }
    return out;
}

std::size_t number(std::string_view bytes, std::size_t at) {
    std::size_t out = 0;
    for (char c : bytes.substr(at, 4))
        out = out * 256 + static_cast<unsigned char>(c);
    return out;
}

/// `{"contentBlockDelta": …}` for each frame, found without our own decoder: the name stands behind
/// its header's name, a byte and two of its length.
std::vector<Json> documents(const Recording& recording, std::string_view bytes) {
    std::vector<Json> out;
    if (!recording.stream)
        return {Json::parse(bytes)};
    while (!bytes.empty()) {
        auto total = number(bytes, 0);
        auto headers = bytes.substr(12, number(bytes, 4));
        auto payload = bytes.substr(12 + headers.size(), total - 16 - headers.size());
        auto name = headers.substr(headers.find(":event-type") + 11);
        auto length = static_cast<unsigned char>(name[2]);
        out.push_back(Json{{std::string(name.substr(3, length)), Json::parse(payload)}});
        bytes.remove_prefix(total);
    }
    return out;
}

struct Said {
    std::string text;
    std::string thought;
    std::string proofs;
    std::vector<std::string> calls;
    std::size_t other = 0;
    std::size_t citations = 0;
    std::string finish;
    bool operator==(const Said&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Said& said) {
    out << said.text << "|" << said.thought << "|" << said.proofs << "|" << said.finish << "|"
        << said.other << "|" << said.citations;
    for (const auto& call : said.calls)
        out << "|" << call;
    return out;
}

/// Every member of any object below that a reply's words stand in.
class Naive {
public:
    void take(const Json& document) {
        if (document.contains("output"))
            for (const auto& block : document["output"]["message"]["content"])
                take_block(block);
        if (document.contains("contentBlockStart"))
            take_block(document["contentBlockStart"]["start"]);
        if (document.contains("contentBlockDelta"))
            take_block(document["contentBlockDelta"]["delta"]);
        for (const auto& from : {document, document.value("messageStop", Json::object())})
            if (from.contains("stopReason"))
                said.finish = from["stopReason"];
        for (const auto& from : {document, document.value("metadata", Json::object())})
            if (from.contains("usage"))
                usage = from["usage"];
    }

    void end() {
        for (auto& call : said.calls)
            if (call.ends_with(' '))
                call += "{}";
    }

    Said said;
    Json usage;

private:
    void take_block(const Json& block) {
        said.text += block.value("text", "");
        if (block.contains("citationsContent")) {
            for (const auto& piece : block["citationsContent"]["content"])
                said.text += piece.value("text", "");
            said.citations += block["citationsContent"]["citations"].size();
        }
        said.citations += block.contains("citation") ? 1U : 0U;
        if (block.contains("reasoningContent"))
            take_thought(block["reasoningContent"]);
        if (block.contains("toolUse"))
            take_call(block["toolUse"]);
        if (block.contains("toolResult") && block["toolResult"].is_object())
            ++said.other;
    }

    void take_thought(const Json& thought) {
        const auto& inner = thought.contains("reasoningText") ? thought["reasoningText"] : thought;
        said.thought += inner.value("text", "");
        said.proofs += inner.value("signature", "") + inner.value("redactedContent", "");
    }

    void take_call(const Json& use) {
        if (use.contains("toolUseId")) {
            server_ = use.value("type", "") == "server_tool_use";
            said.other += server_ ? 1U : 0U;
            if (!server_)
                said.calls.push_back(use["toolUseId"].get<std::string>() + " " +
                                     use["name"].get<std::string>() + " ");
        }
        if (server_ || !use.contains("input"))
            return;
        said.calls.back() +=
            use["input"].is_string() ? use["input"].get<std::string>() : use["input"].dump();
    }

    bool server_ = false;
};

Said said_by(const wire::WholeReply& reply) {
    Said said;
    for (const auto& [number, choice] : reply.choices) {
        for (const auto& [block, what] : choice.blocks) {
            if (const auto* text = std::get_if<llm::Text>(&what.part.what)) {
                said.text += text->text;
                said.citations += text->citations.size();
            } else if (const auto* thought = std::get_if<llm::Thinking>(&what.part.what)) {
                said.thought += thought->text;
                said.proofs += thought->proof.data;
            } else if (const auto* call = std::get_if<llm::ToolCall>(&what.part.what)) {
                said.calls.push_back(call->id + " " + call->name + " " + call->arguments);
            } else if (std::holds_alternative<llm::Opaque>(what.part.what)) {
                ++said.other;
            }
        }
        if (choice.finished)
            said.finish = choice.finished->raw;
    }
    return said;
}

std::int64_t figure(const Json& usage, const char* name) {
    return usage.is_object() && usage.contains(name) ? usage[name].get<std::int64_t>() : 0;
}

}  // namespace

TEST_CASE("recorded replies of Converse are read without loss", "[wire][recordings]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::size_t read = 0;
    for (const auto& recording : recordings_of("bedrock")) {
        if (!is_converse(recording))
            continue;
        INFO(recording.file);
        auto bytes = bytes_of(recording);
        Naive naive;
        for (const auto& document : documents(recording, bytes))
            naive.take(document);
        naive.end();
        for (auto cut : {whole(), byte_by_byte(), at_random(seed)}) {
            auto events = read_reply(wire::bedrock, bytes, {.stream = recording.stream}, cut);
            if (!events)
                FAIL(events.error().message);
            auto reply = put_together(*events);
            CHECK(said_by(reply) == naive.said);
            CHECK(reply.usage.has_value() == !naive.usage.is_null());
            if (!reply.usage)
                continue;
            const auto& usage = reply.usage->usage;
            CHECK(usage.input == figure(naive.usage, "inputTokens"));
            CHECK(usage.output_all() == figure(naive.usage, "outputTokens"));
            CHECK(usage.cache_read == figure(naive.usage, "cacheReadInputTokens"));
            CHECK(usage.cache_write_5m + usage.cache_write_1h ==
                  figure(naive.usage, "cacheWriteInputTokens"));
        }
        ++read;
    }
    CHECK(read > 40);
}

TEST_CASE("an exception in Bedrock's stream is told as what it is", "[wire]") {
    std::string bytes;
    wire::append_aws_event(bytes, "messageStart", R"({"role":"assistant"})");
    auto without_end = bytes;
    wire::append_aws_exception(bytes, "throttlingException",
                               R"({"message":"slow down, AKIAIOSFODNN7EXAMPLE"})");
    auto events = read_reply(wire::bedrock, bytes, {.stream = true}, byte_by_byte());
    REQUIRE(events);
    auto reply = put_together(*events);
    REQUIRE(reply.failed);
    CHECK(reply.failed->code == Code::rate_limited);
    CHECK(reply.failed->message.find("slow down") == 0);

    auto cut = read_reply(wire::bedrock, without_end, {.stream = true});
    REQUIRE(!cut);
    CHECK(cut.error().code == Code::upstream_failed);
    CHECK(!read_reply(wire::bedrock, bytes.substr(0, bytes.size() - 1), {.stream = true}));
    CHECK(!read_reply(wire::bedrock, "{}", {}));
    CHECK(!read_reply(wire::bedrock, "", {.stream = true}));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    CHECK(!read_reply(wire::bedrock, bytes, {.stream = true}));
}
