#pragma once

#include "core/llm/chat_request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

// Questions that writers of several formats ask about a request.

/// The text of a document that came as text or as text blocks; nothing for any other medium.
std::optional<std::string> document_text(const llm::Media& media);

/// The same with its title and what is said about it in front, for a format without places for
/// these.
std::optional<std::string> document_as_text(const llm::Media& media);

/// What to call it in a loss: `a video in a message`.
std::string media_field(const llm::Media& media);

/// The texts of a message or of a tool's result, one below the other.
std::string joined_texts(const std::vector<llm::Part>& parts);

bool calls_tools(const llm::Message& message);

/// Whether the choice leaves the tool to the model. Formats that cannot name the tools that may be
/// called are sent no other.
bool may_be_called(const llm::ToolChoice& choice, const llm::Tool& tool);

bool only_text(const std::vector<std::string>& modalities);

/// Unset, or a tier that every provider without tiers has.
bool is_usual_tier(std::string_view tier);

}  // namespace obliv::wire
