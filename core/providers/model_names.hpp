#pragma once

#include "core/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace obliv::providers {

/// The names in a provider's list of models, sorted, each once: OpenAI's and Anthropic's
/// `data[].id`, Together's bare array, Cohere's and Gemini's `models[].name` (without `models/`).
/// upstream_failed: the text is no such list.
Result<std::vector<std::string>> model_names(std::string_view json);

}  // namespace obliv::providers
