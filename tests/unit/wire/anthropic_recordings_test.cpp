// The recorded exchanges with Anthropic, against what a naive look at their JSON finds.
#include "core/wire/anthropic.hpp"
#include "core/wire/json.hpp"
#include "tests/support/recordings.hpp"
#include "tests/unit/wire/anthropic_normal.hpp"
#include "tests/unit/wire/feeding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using namespace obliv::test;
using wire::Json;

namespace {

bool is_message(const Recording& recording) {
    if (!recording.path.empty())
        return recording.path.ends_with("/messages") && recording.status == 200;
    return recording.api == "native" && recording.status == 200;
}

/// Every JSON document of a reply, found without our own decoder.
std::vector<Json> documents(const Recording& recording) {
    if (!recording.stream)
        return {Json::parse(recording.body)};
    std::vector<Json> out;
    std::size_t at = 0;
    while ((at = recording.body.find("data:", at)) != std::string::npos) {
        auto end = recording.body.find('\n', at);
        out.push_back(Json::parse(recording.body.substr(at + 5, end - at - 5)));
        at = end;
    }
    return out;
}

/// Sorted or not, spaced or not; what is broken stays as it is.
std::string normal_or_broken(const std::string& text) {
    auto value = Json::parse(text, nullptr, false);
    return value.is_discarded() ? text : value.dump();
}

/// What a reply says, as one can see it without knowing how streams are put together: texts joined
/// over all blocks, and the calls and other blocks in their order.
struct Said {
    std::string text;
    std::string thought;
    std::string proofs;
    std::vector<std::string> calls;  ///< `id name arguments`
    std::vector<std::string> other;  ///< types of the blocks that are kept whole
    std::size_t citations = 0;
    std::string finish;
    bool operator==(const Said&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Said& said) {
    out << said.text << "|" << said.thought << "|" << said.proofs << "|" << said.finish << "|"
        << said.citations;
    for (const auto& call : said.calls)
        out << "|" << call;
    for (const auto& type : said.other)
        out << "|" << type;
    return out;
}

struct Call {
    std::string head;
    Json input;
    std::string pieces;
};

class Naive {
public:
    void take(const Json& document) {
        auto type = document.value("type", "");
        if (type == "message" || type == "message_start") {
            const auto& message = type == "message" ? document : document["message"];
            for (const auto& block : message["content"])
                begin(block);
            stop(message);
            count(message["usage"]);
        } else if (type == "content_block_start") {
            begin(document["content_block"]);
        } else if (type == "content_block_delta") {
            extend(document["delta"]);
        } else if (type == "message_delta") {
            stop(document["delta"]);
            count(document["usage"]);
        }
    }

    Said said() {
        for (const auto& call : calls_) {
            auto input = call.pieces.empty() ? call.input.dump() : normal_or_broken(call.pieces);
            said_.calls.push_back(call.head + " " + input);
        }
        return said_;
    }

    // Figures of the tokens, later ones over earlier ones.
    std::map<std::string, std::int64_t> figures;
    Json usage = Json::object();

private:
    void begin(const Json& block) {
        auto type = block.value("type", "");
        calling_ = type == "tool_use";
        if (type == "text") {
            said_.text += block.value("text", "");
            if (block.contains("citations") && block["citations"].is_array())
                said_.citations += block["citations"].size();
        } else if (type == "thinking") {
            said_.thought += block.value("thinking", "");
            said_.proofs += block.value("signature", "");
        } else if (type == "redacted_thinking") {
            said_.proofs += block.value("data", "");
        } else if (calling_) {
            calls_.push_back(
                {block.value("id", "") + " " + block.value("name", ""), block["input"], ""});
        } else {
            said_.other.push_back(type);
        }
    }

    void extend(const Json& delta) {
        said_.text += delta.value("text", "");
        said_.thought += delta.value("thinking", "");
        said_.proofs += delta.value("signature", "");
        said_.citations += delta.contains("citation") ? 1U : 0U;
        if (calling_)
            calls_.back().pieces += delta.value("partial_json", "");
    }

    void stop(const Json& from) {
        if (from.contains("stop_reason") && from["stop_reason"].is_string())
            said_.finish = from["stop_reason"].get<std::string>();
    }

    void count(const Json& more) {
        for (const auto& [name, value] : more.items())
            if (!value.is_null())
                usage[name] = value;
    }

    Said said_;
    std::vector<Call> calls_;
    bool calling_ = false;
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
                said.calls.push_back(call->id + " " + call->name + " " +
                                     normal_or_broken(call->arguments));
            } else if (const auto* opaque = std::get_if<llm::Opaque>(&what.part.what)) {
                said.other.push_back(Json::parse(opaque->json).value("type", ""));
            }
        }
        if (choice.finished)
            said.finish = choice.finished->raw;
    }
    return said;
}

std::int64_t figure(const Json& usage, const char* name) {
    return usage.contains(name) && usage[name].is_number() ? usage[name].get<std::int64_t>() : 0;
}

void check_usage(const llm::Usage& ours, const Json& theirs) {
    auto input = figure(theirs, "input_tokens");
    auto output = figure(theirs, "output_tokens");
    auto read = figure(theirs, "cache_read_input_tokens");
    auto written = figure(theirs, "cache_creation_input_tokens");
    // What the totals leave out although it is charged.
    for (const auto& iteration : theirs.value("iterations", Json::array()))
        if (iteration["type"] == "compaction" || iteration["type"] == "advisor_message") {
            input += figure(iteration, "input_tokens");
            output += figure(iteration, "output_tokens");
        }
    CHECK(ours.input == input);
    CHECK(ours.cache_read == read);
    CHECK(ours.cache_write_5m + ours.cache_write_1h == written);
    CHECK(ours.output_all() == output);
    if (theirs.contains("output_tokens_details"))
        CHECK(ours.reasoning == figure(theirs["output_tokens_details"], "thinking_tokens"));
}

/// The parts in their order, numbers of blocks aside; arguments as values.
std::vector<llm::Part> parts_of(const wire::WholeReply& reply) {
    std::vector<llm::Part> out;
    for (const auto& [number, choice] : reply.choices)
        for (const auto& [block, what] : choice.blocks) {
            out.push_back(what.part);
            if (auto* call = std::get_if<llm::ToolCall>(&out.back().what))
                call->arguments = normal_or_broken(call->arguments);
        }
    return out;
}

/// What the writer writes is read back as it was.
void check_written(const Events& events, bool stream) {
    wire::WriteOptions options{.stream = stream, .model = "m", .request_id = "r"};
    auto written = written_reply(wire::anthropic, events, options);
    auto again = read_reply(wire::anthropic, written, {.stream = stream});
    REQUIRE(again);
    auto before = put_together(events);
    auto after = put_together(*again);
    CHECK(parts_of(after) == parts_of(before));
    CHECK(after.choices[0].finished->raw == before.choices[0].finished->raw);
    CHECK(after.choices[0].finished->stop_sequence == before.choices[0].finished->stop_sequence);
    REQUIRE(after.usage);
    CHECK(after.usage->usage.input_all() >= before.usage->usage.input_all());
    CHECK(after.usage->usage.cache_write_1h == before.usage->usage.cache_write_1h);
    CHECK(after.begun.id == before.begun.id);
}

}  // namespace

TEST_CASE("recorded replies of Anthropic are read without loss", "[wire][recordings]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::size_t read = 0;
    for (const auto& recording : recordings_of("anthropic")) {
        if (!is_message(recording))
            continue;
        INFO(recording.file);
        Naive naive;
        for (const auto& document : documents(recording))
            naive.take(document);
        auto theirs = naive.said();
        for (auto cut : {whole(), byte_by_byte(), at_random(seed)}) {
            auto events =
                read_reply(wire::anthropic, recording.body, {.stream = recording.stream}, cut);
            if (!events)
                FAIL(events.error().message);
            auto reply = put_together(*events);
            CHECK(said_by(reply) == theirs);
            REQUIRE(reply.usage);
            check_usage(reply.usage->usage, naive.usage);
        }
        auto events = *read_reply(wire::anthropic, recording.body, {.stream = recording.stream});
        check_written(events, true);
        // A call that a host broke off and began anew has no arguments that could stand in JSON.
        if (recording.file.find("spliced") == std::string::npos)
            check_written(events, false);
        ++read;
    }
    CHECK(read > 80);
}

TEST_CASE("recorded requests to Anthropic survive being read and written", "[wire][recordings]") {
    std::size_t read = 0;
    for (const auto& recording : recordings_of("anthropic")) {
        if (!recording.path.ends_with("/messages") || recording.request.empty())
            continue;
        INFO(recording.file);
        auto request = wire::anthropic.read_request({.body = recording.request});
        if (!request)
            FAIL(request.error().message);
        auto written = wire::anthropic.write_request(*request, {});
        REQUIRE(written);
        CHECK(written->losses.empty());
        CHECK(normal_anthropic(nlohmann::json::parse(written->body)) ==
              normal_anthropic(nlohmann::json::parse(recording.request)));
        ++read;
    }
    CHECK(read > 70);
}
