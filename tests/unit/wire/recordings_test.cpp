#include "core/base/text.hpp"
#include "tests/support/recordings.hpp"
#include "tests/unit/wire/feeding.hpp"
#include "tests/unit/wire/naive.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>

using namespace obliv;
using namespace obliv::test;

namespace {

/// By which wire a recorded exchange is read; or why by none.
struct Kind {
    std::string_view wire;
    Said (*said)(const Recording&) = nullptr;
    std::string_view instead{};
};

struct Row {
    std::string_view provider;
    std::string_view path;  ///< is part of the path, or of `api` of a reply without a path
    std::string_view body;  ///< is part of the reply
    Kind kind;
};

constexpr Kind cohere{"cohere", said_by_cohere};
constexpr Kind gemini{"gemini", said_by_gemini};
constexpr Kind ollama{"ollama", said_by_ollama};

constexpr Kind openai{"openai", said_by_openai};
constexpr Kind responses{"", nullptr, "Responses: responses_recordings_test.cpp"};
constexpr Kind completions{"", nullptr, "completions, which have a wire of their own"};
constexpr Kind embeddings{"", nullptr, "embeddings"};
constexpr Kind rerank{"", nullptr, "rerank"};
constexpr Kind sound{"", nullptr, "speech or transcription"};
constexpr Kind pictures{"", nullptr, "images"};
constexpr Kind lists{"", nullptr, "a list of models"};
constexpr Kind batches{"", nullptr, "batches"};
constexpr Kind legacy{"", nullptr, "version 1 of Cohere's API, which no channel calls"};

// The first row that fits decides. An empty provider is any.
const std::vector<Row> rows{
    {"cohere", "/v2/chat", "", cohere},
    {"cohere", "native", "\"message\"", cohere},
    {"cohere", "native", "\"message-start\"", cohere},
    {"cohere", "native", "\"results\"", rerank},
    {"cohere", "/v1/chat", "", legacy},
    {"cohere", "/v1/generate", "", legacy},
    {"ollama", "/api/chat", "", ollama},
    {"ollama", "/api/generate", "", ollama},
    {"", "chat/completions", "", openai},
    {"", "responses", "", responses},
    {"", "native", "\"response.created\"", responses},
    {"", "native", "\"object\": \"response\"", responses},
    {"", "native", "\"object\":\"response\"", responses},
    {"", "native", "\"choices\"", openai},
    {"", "/completions", "", completions},
    {"", "embeddings", "", embeddings},
    {"", "native", "\"embedding\"", embeddings},
    {"", "rerank", "", rerank},
    {"", "/audio/", "", sound},
    {"", "/tts", "", sound},
    {"", "/stt", "", sound},
    {"", "/listen", "", sound},
    {"", "native", "\"language\"", sound},
    {"", "native", "text/plain", sound},
    {"", "/images", "", pictures},
    {"", "models", "", lists},
    {"", "/batch/jobs", "", batches},
    {"", "/ocr", "", {"", nullptr, "text recognition"}},
    {"", "chat", "", openai},
};

const Kind* kind_of(std::string_view provider, const Recording& recording) {
    for (const auto& row : rows) {
        const auto& where = recording.path.empty() ? recording.api : recording.path;
        if ((row.provider.empty() || row.provider == provider) &&
            where.find(row.path) != std::string::npos &&
            recording.body.find(row.body) != std::string::npos)
            return &row.kind;
    }
    return nullptr;
}

/// The same out of the events of our reader.
Said said_by(const wire::WholeReply& reply) {
    Said said;
    for (const auto& [number, choice] : reply.choices) {
        for (const auto& [block, what] : choice.blocks) {
            if (const auto* text = std::get_if<llm::Text>(&what.part.what)) {
                said.text += text->text;
                said.citations += text->citations.size();
            } else if (const auto* thought = std::get_if<llm::Thinking>(&what.part.what)) {
                said.thinking += thought->text;
            } else if (const auto* refusal = std::get_if<llm::Refusal>(&what.part.what)) {
                said.refusal += refusal->text;
            } else if (const auto* call = std::get_if<llm::ToolCall>(&what.part.what)) {
                // Google gives most calls no id, and ours are not to be compared.
                bool made = call->id.starts_with("call_gm_");
                said.calls.push_back(
                    {made ? "" : call->id, call->name, normal_json(call->arguments)});
            }
        }
        if (choice.finished)
            said.finish = choice.finished->raw;
    }
    if (reply.usage) {
        said.usage = true;
        said.input = reply.usage->usage.input_all();
        said.output = reply.usage->usage.output_all();
        said.reasoning = reply.usage->usage.reasoning;
        said.cached = reply.usage->usage.cache_read;
    }
    return said;
}

void check_equal(const Said& ours, const Said& theirs) {
    CHECK(ours.text == theirs.text);
    CHECK(ours.refusal == theirs.refusal);
    CHECK(ours.thinking == theirs.thinking);
    CHECK(ours.finish == theirs.finish);
    CHECK(ours.citations == theirs.citations);
    CHECK(ours.usage == theirs.usage);
    CHECK(ours.input == theirs.input);
    CHECK(ours.output == theirs.output);
    CHECK(ours.reasoning == theirs.reasoning);
    CHECK(ours.cached == theirs.cached);
    REQUIRE(ours.calls.size() == theirs.calls.size());
    for (std::size_t i = 0; i < ours.calls.size(); ++i) {
        CHECK(ours.calls[i].id == theirs.calls[i].id);
        CHECK(ours.calls[i].name == theirs.calls[i].name);
        CHECK(ours.calls[i].arguments == theirs.calls[i].arguments);
    }
}

/// Read whole, byte by byte, and cut at random: always what was said.
void check_replay(const Recording& recording, const Kind& kind, std::uint64_t seed) {
    const auto* wire = wire::find(kind.wire);
    REQUIRE(wire != nullptr);
    auto theirs = kind.said(recording);
    wire::ReadOptions options{.stream = recording.stream};
    for (auto cut : {whole(), byte_by_byte(), at_random(seed)}) {
        auto events = read_reply(*wire, recording.body, options, cut);
        if (!events)
            FAIL(events.error().message);
        auto reply = put_together(*events);
        CHECK(reply.failed.has_value() == theirs.failed);
        if (theirs.failed)
            continue;
        check_equal(said_by(reply), theirs);
    }
}

// All folders but those of Anthropic, Bedrock, Gemini, OpenAI and Vertex, whose formats have
// runners of their own.
const std::vector<std::string_view> providers{
    "alibaba",    "azure",       "cerebras", "cohere",   "deepgram", "deepseek",
    "groq",       "huggingface", "mistral",  "moonshot", "ollama",   "openrouter",
    "perplexity", "together",    "voyage",   "xai",      "zhipu"};

}  // namespace

TEST_CASE("every recorded reply is read without loss, however it is cut", "[wire][recordings]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::size_t read = 0;
    for (auto provider : providers)
        for (const auto& recording : recordings_of(provider)) {
            INFO(recording.file);
            const auto* kind = kind_of(provider, recording);
            REQUIRE(kind != nullptr);
            if (kind->said == nullptr || recording.status != 200)
                continue;
            check_replay(recording, *kind, seed);
            ++read;
        }
    CHECK(read > 30);
}
