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

/// The other way round.
Json gemini_usage_metadata(const llm::Usage& usage);

}  // namespace obliv::wire
