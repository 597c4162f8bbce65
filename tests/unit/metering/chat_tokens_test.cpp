#include "core/metering/chat_tokens.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::metering;
using llm::Role;

namespace {

const tokenizer::Tokenizers& all() {
    static const auto opened = tokenizer::Tokenizers::open(OBLIV_VOCABULARIES);
    REQUIRE(opened);
    return *opened;
}

llm::Message said(Role role, std::string text, std::string name = {}) {
    return {role, {llm::Part{llm::Text{std::move(text)}}}, std::move(name)};
}

}  // namespace

// The two examples of OpenAI's cookbook, "How to count tokens with tiktoken", with the counts that
// the API itself gave.
TEST_CASE("messages count as the provider's own example", "[metering]") {
    llm::ChatRequest request;
    request.messages = {
        said(Role::system, "You are a helpful, pattern-following assistant that translates "
                           "corporate jargon into plain English."),
        said(Role::system, "New synergies will help drive top-line growth.", "example_user"),
        said(Role::system, "Things working well together will increase revenue.",
             "example_assistant"),
        said(Role::system,
             "Let's circle back when we have more bandwidth to touch base on opportunities for "
             "increased leverage.",
             "example_user"),
        said(Role::system, "Let's talk later when we're less busy about how to do better.",
             "example_assistant"),
        said(Role::user, "This late pivot means we don't have time to boil the ocean for the "
                         "client deliverable."),
    };
    auto count = chat_tokens(all(), "gpt-4o", request);
    CHECK(count.tokens == 124);
    CHECK(count.exact);
    CHECK(chat_tokens(all(), "gpt-4", request).tokens == 129);
    CHECK_FALSE(chat_tokens(all(), "claude-sonnet-4", request).exact);
}

TEST_CASE("a tool counts as the provider's own example, and is not called exact", "[metering]") {
    llm::ChatRequest request;
    request.messages = {said(Role::system,
                             "You are a helpful assistant that can answer to questions about the "
                             "weather."),
                        said(Role::user, "What's the weather like in San Francisco?")};
    llm::Tool tool;
    tool.name = "get_current_weather";
    tool.description = "Get the current weather in a given location";
    tool.parameters = R"({"type":"object","properties":{"location":{"type":"string",
        "description":"The city and state, e.g. San Francisco, CA"},"unit":{"type":"string",
        "description":"The unit of temperature to return","enum":["celsius","fahrenheit"]}},
        "required":["location"]})";
    request.tools = {tool};
    auto count = chat_tokens(all(), "gpt-4o", request);
    CHECK(count.tokens == 101);
    CHECK_FALSE(count.exact);
}

TEST_CASE("whatever a request holds adds to its count", "[metering]") {
    llm::ChatRequest request;
    auto tokens = [&request] { return chat_tokens(all(), "gpt-4o", request).tokens; };
    auto before = tokens();
    auto grows = [&] {
        auto now = tokens();
        CHECK(now > before);
        before = now;
    };
    request.messages.push_back(said(Role::user, "hello"));
    grows();
    auto& parts = request.messages.back().content;
    parts.push_back({llm::Thinking{"thoughts about it"}});
    grows();
    parts.push_back({llm::ToolCall{"call_1", "look", "{\"at\":\"it\"}"}});
    grows();
    parts.push_back({llm::ToolResult{"call_1", "look", {{llm::Text{"a result"}}}}});
    grows();
    llm::Media image;
    parts.push_back({image});
    grows();
    llm::Media text;
    text.kind = llm::Media::Kind::document;
    text.source = llm::Media::Source::text;
    text.data = "the text of a document";
    parts.push_back({text});
    grows();
    parts.push_back({llm::Refusal{"I cannot"}});
    grows();
    parts.push_back({llm::Opaque{"openai", "{\"type\":\"thing\"}"}});
    grows();
    request.response_format.schema = R"({"type":"object"})";
    grows();
    llm::Tool tool;
    tool.name = "odd";
    tool.parameters = "not json";
    request.tools.push_back(tool);
    grows();
    tool.parameters = R"({"properties":{"a":true,"b":{"enum":[1,"x"],"items":{"type":"string"}}}})";
    request.tools.push_back(tool);
    grows();
    tool.kind = llm::Tool::Kind::custom;
    request.tools.push_back(tool);
    grows();
    tool.kind = llm::Tool::Kind::built_in;
    tool.definition = R"({"type":"web_search"})";
    request.tools.push_back(tool);
    grows();
    CHECK_FALSE(chat_tokens(all(), "gpt-4o", request).exact);
}
