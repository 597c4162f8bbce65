#include "core/llm/system_prompt.hpp"

#include <algorithm>

namespace obliv::llm {
namespace {

/// An empty prompt says nothing, and is none.
bool is_prompt(const Message& message) {
    bool names_it = message.role == Role::system || message.role == Role::developer;
    return names_it && !message.content.empty();
}

}  // namespace

std::string_view name_of(SystemPrompt::Place place) noexcept {
    switch (place) {
    case SystemPrompt::Place::append:
        return "append";
    case SystemPrompt::Place::when_absent:
        return "when_absent";
    case SystemPrompt::Place::replace:
        return "replace";
    case SystemPrompt::Place::prepend:
        break;
    }
    return "prepend";
}

bool inject(ChatRequest& request, const SystemPrompt& prompt) {
    using Place = SystemPrompt::Place;
    auto& messages = request.messages;
    if (prompt.place == Place::when_absent &&
        std::any_of(messages.begin(), messages.end(), is_prompt))
        return false;
    if (prompt.place == Place::replace)
        std::erase_if(messages, is_prompt);
    auto at = messages.begin();
    if (prompt.place == Place::append)
        at = std::find_if_not(messages.begin(), messages.end(), is_prompt);
    Message told;
    told.role = Role::system;
    told.content.push_back({Text{prompt.text}});
    messages.insert(at, std::move(told));
    return true;
}

}  // namespace obliv::llm
