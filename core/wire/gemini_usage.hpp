#pragma once

#include "core/llm/usage.hpp"
#include "core/wire/json.hpp"

namespace obliv::wire {

/// Whether `usageMetadata` counts anything: the first chunks of a stream may tell the kind of
/// traffic only.
bool gemini_counts(const Json& metadata);

/// The counts of a `usageMetadata`. Cached tokens are a part of the prompt there, thoughts and what
/// tools read are none of the figures beside them.
llm::Usage gemini_usage(const Json& metadata);

/// Whether Google charges such a model's searches by the prompt that led to any, as it does until
/// Gemini 2.5, instead of each by itself (its price page, "Grounding with Google Search").
bool gemini_sells_searches_whole(std::string_view model) noexcept;

/// The other way round.
Json gemini_usage_metadata(const llm::Usage& usage);

}  // namespace obliv::wire
