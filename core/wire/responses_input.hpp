#pragma once

#include "core/wire/fields.hpp"

namespace obliv::wire {

/// Appends the `input` of a Responses request, a text or items, to the messages of `out`.
void read_responses_input(const Json& input, llm::ChatRequest& out, Complaint& complaint);

/// The items of the messages from `first` on, as a Responses request or a stored response lists
/// them.
Json responses_items(const llm::ChatRequest& request, std::size_t first);

}  // namespace obliv::wire
