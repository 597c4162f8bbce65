#include "core/metering/chat_tokens.hpp"

#include "core/metering/media_tokens.hpp"

#include <string>

namespace obliv::metering {
namespace {

using tokenizer::Count;

// OpenAI's cookbook, "How to count tokens": every message stands between three markers beside its
// role, a name costs one more, and the reply is begun with three.
constexpr std::int64_t message_tokens = 3;
constexpr std::int64_t name_tokens = 1;
constexpr std::int64_t reply_tokens = 3;
constexpr std::int64_t tools_tokens = 12;

std::string_view role_name(llm::Role role) {
    switch (role) {
    case llm::Role::system:
        return "system";
    case llm::Role::developer:
        return "developer";
    case llm::Role::user:
        return "user";
    case llm::Role::assistant:
        return "assistant";
    case llm::Role::tool:
        break;
    }
    return "tool";
}

/// Adds up what the parts of messages cost.
class Adding {
public:
    Adding(const tokenizer::Tokenizers& tokenizers, std::string_view model)
        : tokenizers_(tokenizers), model_(model), sum_{0, true} {}

    void text(std::string_view text) { sum_ += tokenizers_.count(model_, text); }
    void about(std::int64_t tokens) { sum_ += Count{tokens, false}; }
    void sure(std::int64_t tokens) { sum_ += Count{tokens, true}; }
    void parts(const std::vector<llm::Part>& list) {
        for (const auto& part : list)
            std::visit(*this, part.what);
    }
    Count sum() const noexcept { return sum_; }

    void operator()(const llm::Text& part) { text(part.text); }
    void operator()(const llm::Refusal& part) { text(part.text); }
    void operator()(const llm::Media& media) {
        if (media.source == llm::Media::Source::text || media.source == llm::Media::Source::parts)
            text(media.data);
        else
            about(media_tokens(model_, media));
    }
    void operator()(const llm::Thinking& part) {
        text(part.text);
        about(0);  // whether earlier thoughts are read again is the provider's choice
    }
    void operator()(const llm::ToolCall& part) {
        text(part.name);
        text(part.arguments);
        about(message_tokens);
    }
    void operator()(const llm::ToolResult& part) {
        parts(part.content);
        about(message_tokens);
    }
    void operator()(const llm::Opaque& part) {
        text(part.json);
        about(0);
    }

private:
    const tokenizer::Tokenizers& tokenizers_;
    std::string_view model_;
    Count sum_;
};

}  // namespace

Count chat_tokens(const tokenizer::Tokenizers& tokenizers, std::string_view model,
                  const llm::ChatRequest& request) {
    Adding adding(tokenizers, model);
    adding.sure(reply_tokens);
    for (const auto& message : request.messages) {
        adding.sure(message_tokens);
        adding.text(role_name(message.role));
        if (!message.name.empty()) {
            adding.text(message.name);
            adding.sure(name_tokens);
        }
        adding.parts(message.content);
    }
    for (const auto& tool : request.tools)
        adding.about(tool_tokens(tokenizers, model, tool));
    if (!request.tools.empty())
        adding.about(tools_tokens);
    if (!request.response_format.schema.empty()) {
        adding.text(request.response_format.schema);
        adding.about(0);
    }
    return adding.sum();
}

}  // namespace obliv::metering
