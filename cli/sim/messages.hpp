#pragma once

#include "core/base/error.hpp"
#include "core/llm/chat_request.hpp"

#include <string>
#include <string_view>

namespace obliv::sim {

/// A field that a request must have.
Error missing(const char* field);

/// `system`, `tool`, `assistant`; whatever else is the user's.
llm::Role role_of(std::string_view name);

/// A message at the end of the request.
void add_text(llm::ChatRequest& request, llm::Role role, std::string text);

}  // namespace obliv::sim
