#pragma once

#include "core/llm/chat_request.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::llm {

/// What an operator has a model told besides what its caller tells it.
struct SystemPrompt {
    /// Where it goes among the caller's own system prompts (those of developers are such).
    enum class Place : std::uint8_t {
        prepend,      ///< before them
        append,       ///< behind those that the conversation begins with
        when_absent,  ///< nowhere, if there are any
        replace,      ///< they are taken out, wherever they stand
    };
    std::string text;  ///< empty: nothing is said
    Place place = Place::prepend;

    bool empty() const noexcept { return text.empty(); }
    bool operator==(const SystemPrompt&) const = default;
};
std::string_view name_of(SystemPrompt::Place place) noexcept;

/// Puts `prompt`, which is not empty, into the request. False: the request has prompts of its own,
/// and `when_absent` leaves it alone.
bool inject(ChatRequest& request, const SystemPrompt& prompt);

}  // namespace obliv::llm
