#pragma once

#include "core/llm/chat_request.hpp"
#include "core/tokenizer/tokenizers.hpp"

namespace obliv::metering {

/// The input tokens of a chat: texts, the markers around messages, names, tool definitions, calls
/// and results, media. Exact where the model's encoding is known and there is nothing but text: how
/// a provider writes tools and images down for its model is not public, only what that costs about.
tokenizer::Count chat_tokens(const tokenizer::Tokenizers& tokenizers, std::string_view model,
                             const llm::ChatRequest& request);

/// Of one tool definition; without the constant that comes once with any tools.
std::int64_t tool_tokens(const tokenizer::Tokenizers& tokenizers, std::string_view model,
                         const llm::Tool& tool);

}  // namespace obliv::metering
