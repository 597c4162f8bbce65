#pragma once

#include "core/llm/usage.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace obliv::llm {

/// Reads the `usage` object that `json` begins with, in the OpenAI form and that of the hosts that
/// extend it, into normal form:
/// `prompt_tokens` includes cached, cache-written, audio and image input, `completion_tokens`
/// includes reasoning and audio output, so those are taken out of them; where `total_tokens` shows
/// that reasoning was counted beside `completion_tokens` (xAI), it is not. Cached input is read
/// from `prompt_tokens_details.cached_tokens`, `prompt_cache_hit_tokens` (DeepSeek) or
/// `cached_tokens` (Moonshot), searches of the web from `num_search_queries` (Perplexity) or
/// `num_sources_used` (xAI). A sole `total_tokens` was all
/// input. Nothing when every total is missing or a count is not a number from
/// 0 to 10^12: such a report is no basis for a bill. `end`, if given, becomes the place behind the
/// object; npos: it does not end in `json`, or is no JSON.
std::optional<Usage> parse_openai_usage(std::string_view json, std::size_t* end = nullptr);

/// Reads the `usage` object of images, speech, transcripts and Realtime, into normal form:
/// `input_tokens` and `output_tokens` with their details (`..._token_details` or
/// `..._tokens_details`), or `seconds` of sound. Other objects are read by parse_openai_usage().
std::optional<Usage> parse_media_usage(std::string_view object);

/// Both together.
Usage sum(const Usage& a, const Usage& b) noexcept;

}  // namespace obliv::llm
