#include "tests/support/recordings.hpp"
#include "tests/unit/wire/feeding.hpp"
#include "tests/unit/wire/naive.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>

using namespace obliv;
using namespace obliv::test;

namespace {

struct Place {
    std::string_view wire;
    std::string_view path;  ///< is part of that of the recorded call
    std::vector<std::string_view> providers;
};

const std::vector<Place> places{
    {"openai",
     "/chat/completions",
     {"openai", "azure", "deepseek", "groq", "mistral", "openrouter", "together", "xai", "cerebras",
      "moonshot", "zhipu", "perplexity"}},
    {"anthropic", "/v1/messages", {"anthropic"}},
    {"gemini", "enerateContent", {"gemini", "vertex"}},
    {"bedrock", "/converse", {"bedrock"}},
    {"cohere", "/v2/chat", {"cohere"}},
    {"ollama", "/api/chat", {"ollama"}},
};

/// What every format can say of a reply.
struct Facts {
    std::string words;  ///< texts, and a refusal, which some formats tell as text
    bool refuses = false;
    std::string thought;
    std::vector<std::pair<std::string, std::string>> calls;  ///< name and normalised arguments
    std::int64_t input = -1;
    std::int64_t output = -1;
    llm::Finish finish = llm::Finish::other;
};

void add_refusal(Facts& facts, const llm::Refusal& refusal) {
    facts.words += refusal.text;
    facts.refuses = true;
}

Facts facts_of(const wire::WholeReply& reply) {
    Facts facts;
    if (reply.usage) {
        facts.input = reply.usage->usage.input_all();
        facts.output = reply.usage->usage.output_all();
    }
    auto choice = reply.choices.find(0);
    if (choice == reply.choices.end())
        return facts;
    for (const auto& [number, block] : choice->second.blocks) {
        if (const auto* text = std::get_if<llm::Text>(&block.part.what))
            facts.words += text->text;
        else if (const auto* refusal = std::get_if<llm::Refusal>(&block.part.what))
            add_refusal(facts, *refusal);
        else if (const auto* thought = std::get_if<llm::Thinking>(&block.part.what))
            facts.thought += thought->text;
        else if (const auto* call = std::get_if<llm::ToolCall>(&block.part.what))
            facts.calls.emplace_back(call->name, normal_json(call->arguments));
    }
    if (choice->second.finished)
        facts.finish = choice->second.finished->reason;
    return facts;
}

bool is_told_by_all(llm::Finish finish) {
    return finish == llm::Finish::stop || finish == llm::Finish::length ||
           finish == llm::Finish::tool_calls;
}

void check_front(std::string_view name, const Events& events, const Facts& said) {
    const auto* front = wire::find(name);
    REQUIRE(front != nullptr);
    for (bool stream : {true, false}) {
        wire::WriteOptions options{.stream = stream, .model = "m", .request_id = "r"};
        auto body = written_reply(*front, events, options);
        auto read = read_reply(*front, body, {.stream = stream});
        INFO(name << (stream ? " stream" : " plain") << "\n" << body.substr(0, 2000));
        if (!read)
            FAIL(read.error().message);
        auto told = facts_of(put_together(*read));
        CHECK(told.words == said.words);
        CHECK(told.thought == said.thought);
        CHECK(told.calls == said.calls);
        if (said.input >= 0) {
            CHECK(told.input == said.input);
            CHECK(told.output == said.output);
        }
        if (is_told_by_all(said.finish) && !said.refuses)
            CHECK(told.finish == said.finish);
    }
}

}  // namespace

TEST_CASE("every front tells what a recorded provider said", "[wire][recordings]") {
    std::size_t replayed = 0;
    for (const auto& place : places)
        for (auto provider : place.providers)
            for (const auto& recording : recordings_of(provider)) {
                bool chat = recording.path.find(place.path) != std::string::npos &&
                            recording.path.find("count_tokens") == std::string::npos &&
                            recording.path.find("batches") == std::string::npos;
                if (!chat || recording.status != 200)
                    continue;
                INFO(recording.file);
                auto events = read_reply(*wire::find(place.wire), recording.body,
                                         {.stream = recording.stream});
                if (!events)
                    FAIL(events.error().message);
                auto whole = put_together(*events);
                if (whole.failed)
                    continue;
                auto said = facts_of(whole);
                // A front of the provider's own format gets the bytes as they are.
                for (std::string_view front : {"openai", "anthropic", "gemini", "responses", "cohere"})
                    if (front != place.wire)
                        check_front(front, *events, said);
                ++replayed;
            }
    CHECK(replayed > 200);
}
