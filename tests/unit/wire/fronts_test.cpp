#include "tests/support/recordings.hpp"
#include "tests/unit/wire/feeding.hpp"
#include "tests/unit/wire/naive.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <optional>

using namespace obliv;
using namespace obliv::test;

namespace {

struct Place {
    std::string_view wire;
    std::string_view path;    ///< that of the recorded call ends with it
    std::string_view native;  ///< is part of a reply that was recorded without its call
    std::vector<std::string_view> providers;
};

const std::vector<Place> places{
    {"openai",
     "/chat/completions",
     "\"choices\"",
     {"alibaba", "azure", "cerebras", "deepseek", "groq", "huggingface", "mistral", "moonshot",
      "ollama", "openai", "openrouter", "perplexity", "together", "xai", "zhipu"}},
    {"completions", "/v1/completions", "no reply has this", {"ollama", "openai", "together"}},
    {"responses", "/responses", "\"response.created\"", {"azure", "deepseek", "openai", "xai"}},
    {"anthropic", "/v1/messages", "\"message_start\"", {"anthropic"}},
    {"gemini", "enerateContent", "\"candidates\"", {"gemini", "vertex"}},
    {"bedrock", "/converse", "no reply has this", {"bedrock"}},
    {"bedrock", "/converse-stream", "no reply has this", {"bedrock"}},
    {"cohere", "/v2/chat", "\"message-start\"", {"cohere"}},
    {"ollama", "/api/chat", "no reply has this", {"ollama"}},
};

bool is_chat_at(const Place& place, const Recording& recording) {
    // In the source, chunks of the first lack their closing brace, the pieces of the second are not
    // those of its whole, and the third has arguments that are no JSON.
    for (std::string_view broken :
         {"parallel-tool-call-wrapper", "openai-shell-container", "spliced-message-start"})
        if (recording.file.find(broken) != std::string::npos)
            return false;
    if (recording.status != 200 || recording.body.empty())
        return false;
    if (recording.path.empty())
        return recording.body.find(place.native) != std::string::npos;
    auto path = recording.path.substr(0, recording.path.find('?'));
    return path.ends_with(place.path);
}

/// What every format can say of a reply.
struct Facts {
    std::string words;  ///< texts, and a refusal, which some formats tell as text
    bool refuses = false;
    bool shows = false;  ///< an image, which some formats tell as text
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
        else if (std::holds_alternative<llm::Media>(block.part.what))
            facts.shows = true;
        else if (const auto* call = std::get_if<llm::ToolCall>(&block.part.what))
            facts.calls.emplace_back(call->name, normal_json(call->arguments));
    }
    if (choice->second.finished)
        facts.finish = choice->second.finished->reason;
    // Some end a turn that calls a tool as any other; every reader knows better.
    if (facts.finish == llm::Finish::stop && !facts.calls.empty())
        facts.finish = llm::Finish::tool_calls;
    return facts;
}

constexpr std::string_view fronts[] = {"openai",    "anthropic", "gemini",
                                       "responses", "cohere",    "completions"};

bool is_told_by(std::string_view front, llm::Finish finish) {
    return finish == llm::Finish::stop || finish == llm::Finish::length ||
           (finish == llm::Finish::tool_calls && front != "completions");
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
        if (!said.shows)
            CHECK(told.words == said.words);
        if (name != "completions") {  // which have texts only
            CHECK(told.thought == said.thought);
            CHECK(told.calls == said.calls);
        }
        if (said.input >= 0) {
            CHECK(told.input == said.input);
            CHECK(told.output == said.output);
        }
        if (is_told_by(name, said.finish) && !said.refuses)
            CHECK(told.finish == said.finish);
    }
}

}  // namespace

TEST_CASE("every front tells what a recorded provider said", "[wire][recordings]") {
    std::map<std::string_view, int> replayed;
    for (const auto& place : places)
        for (auto provider : place.providers)
            for (const auto& recording : recordings_of(provider)) {
                if (!is_chat_at(place, recording))
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
                for (auto front : fronts)
                    if (front != place.wire)
                        check_front(front, *events, said);
                ++replayed[place.wire];
            }
    CHECK(replayed["openai"] > 250);
    CHECK(replayed["completions"] > 10);
    CHECK(replayed["responses"] > 100);
    CHECK(replayed["anthropic"] > 70);
    CHECK(replayed["gemini"] > 60);
    CHECK(replayed["bedrock"] > 25);
    CHECK(replayed["cohere"] > 15);
    CHECK(replayed["ollama"] > 3);
}
