#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_request.hpp"
#include "core/wire/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// Reads the body of `:countTokens`: `contents` alone, or a whole request in
/// `generateContentRequest`.
Result<llm::ChatRequest> read_gemini_count(const RequestSource& source);

/// The body that asks an upstream for the same count.
Result<std::string> gemini_count_body(const llm::ChatRequest& request);

/// The answer to it, and what such an answer says.
std::string gemini_count_reply(std::int64_t tokens);
Result<std::int64_t> read_gemini_count_reply(std::string_view body);

/// The names in one page of an upstream's list of models, without `models/`, and where the next
/// begins; empty: that was the last.
struct GeminiModels {
    std::vector<std::string> names;
    std::string page_token;
};
Result<GeminiModels> read_gemini_models(std::string_view body);

}  // namespace obliv::wire
