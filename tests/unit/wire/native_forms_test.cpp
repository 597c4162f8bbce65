// What is written for a provider is in that provider's own form, whoever asked.
#include "tests/unit/wire/native_forms.hpp"

#include "core/wire/wire.hpp"
#include "tests/support/recordings.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace obliv;
using namespace obliv::test;

namespace {

constexpr auto npos = std::string::npos;

constexpr std::string_view targets[] = {"openai", "anthropic", "gemini",    "bedrock",
                                        "cohere", "ollama",    "dashscope", "spark"};

/// Which format a recorded request is in, by the path that it was sent to; null: no chat.
const wire::Wire* front_of(const Recording& recording) {
    const std::pair<std::string_view, std::string_view> places[] = {{"/chat/completions", "openai"},
                                                                    {"/responses", "responses"},
                                                                    {"/v1/messages", "anthropic"},
                                                                    {"enerateContent", "gemini"},
                                                                    {"/v2/chat", "cohere"}};
    const auto& path = recording.path;
    bool other = path.find("count_tokens") != std::string::npos ||
                 path.find("batches") != std::string::npos || recording.request.empty() ||
                 recording.status != 200;
    for (const auto& [part, name] : places)
        if (!other && path.find(part) != std::string::npos)
            return wire::find(name);
    return nullptr;
}

}  // namespace

TEST_CASE("the judge of native forms finds what is wrong", "[wire]") {
    auto wrong = [](std::string_view name, std::string_view body) {
        return !wrong_in(name, body).empty();
    };
    std::string_view hi = R"({"role":"user","content":"x"})";
    auto with = [&](std::string_view more) {
        return R"({"model":"m","messages":[)" + std::string(hi) + std::string(more) + "}";
    };
    CHECK_FALSE(wrong("openai", with("]")));
    CHECK(wrong("openai", with(R"(],"max_tokens_to_sample":3)")));
    CHECK(wrong("openai", with(R"(,{"role":"tool","tool_call_id":"a","content":""}])")));
    CHECK(wrong("openai", with(R"(,{"role":"model","content":"x"}])")));
    CHECK_FALSE(wrong("anthropic", with(R"(],"max_tokens":1)")));
    CHECK(wrong("anthropic", with("]")));
    CHECK(wrong("anthropic", with("," + std::string(hi) + R"(],"max_tokens":1)")));
    CHECK(wrong("anthropic", with(R"(,{"role":"assistant","content":[{"type":"tool_use","id":"a",
        "name":"f","input":{}}]},{"role":"user","content":"x"}],"max_tokens":1)")));
    CHECK_FALSE(wrong("gemini", R"({"contents":[{"role":"user","parts":[{"text":"x"}]}]})"));
    CHECK(wrong("gemini", R"({"contents":[{"role":"assistant","parts":[{"text":"x"}]}]})"));
    CHECK(
        wrong("gemini", R"({"contents":[{"role":"user","parts":[{"text":"x","type":"text"}]}]})"));
    CHECK_FALSE(wrong("bedrock", R"({"messages":[{"role":"user","content":[{"text":"x"}]}]})"));
    CHECK(wrong("bedrock", R"({"messages":[{"role":"user","content":[{"text":""}]}]})"));
    CHECK_FALSE(wrong("cohere", with("]")));
    CHECK(wrong("cohere", with(R"(],"top_p":1)")));
    CHECK_FALSE(wrong("ollama", with(R"(],"stream":true)")));
    CHECK(wrong("ollama", with("]")));
    auto dashscope = [&](std::string_view messages, std::string_view more) {
        return R"({"model":"m","input":{"messages":[)" + std::string(messages) +
               R"(]},"parameters":{"result_format":"message")" + std::string(more) + "}}";
    };
    CHECK_FALSE(wrong("dashscope", dashscope(hi, "")));
    CHECK(wrong("dashscope", dashscope(hi, R"(,"max_completion_tokens":3)")));
    CHECK(wrong("dashscope", dashscope(R"({"role":"user","content":[{"text":"x"}]})", "")));
    CHECK(wrong("dashscope", with("]")));
    auto spark = [&](std::string_view texts, std::string_view more) {
        return R"({"header":{},"parameter":{"chat":{"domain":"m")" + std::string(more) +
               R"(}},"payload":{"message":{"text":[)" + std::string(texts) + "]}}}";
    };
    CHECK_FALSE(wrong("spark", spark(hi, "")));
    CHECK(wrong("spark", spark(hi, R"(,"top_p":1)")));
    CHECK(wrong("spark", spark(R"({"role":"tool","content":"x"})", "")));
}

TEST_CASE("every recorded request reaches every provider in its own form", "[wire][recordings]") {
    std::map<std::string_view, int> judged;
    for (auto provider :
         {"openai", "azure", "deepseek", "groq", "mistral", "openrouter", "together", "xai",
          "cerebras", "moonshot", "zhipu", "perplexity", "anthropic", "gemini", "vertex", "cohere"})
        for (const auto& recording : recordings_of(provider)) {
            const auto* front = front_of(recording);
            if (front == nullptr)
                continue;
            auto request = front->read_request({recording.request, "m", recording.stream, {}});
            // What goes on from a reply that the provider keeps is no whole conversation.
            bool continued = recording.request.find("\"previous_response_id\"") != npos ||
                             recording.request.find("\"conversation\"") != npos;
            if (!request || continued)
                continue;
            for (auto target : targets) {
                if (target == front->name)
                    continue;  // bytes pass
                auto asked = *request;
                auto written = wire::find(target)->write_request(asked, {});
                if (!written)
                    continue;
                INFO(recording.file << " for " << target << "\n" << written->body.substr(0, 4000));
                CHECK(wrong_in(target, written->body) == "");
                ++judged[target];
            }
        }
    for (auto target : targets) {
        INFO(target << ": " << judged[target]);
        CHECK(judged[target] > 100);
    }
}
