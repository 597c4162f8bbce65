#pragma once

#include "core/llm/content.hpp"
#include "core/wire/json.hpp"

namespace obliv::wire {

/// A citation out of an `annotation` of the OpenAI form; of a kind that has no URL only `raw`
/// tells.
llm::Citation url_citation(const Json& annotation);

}  // namespace obliv::wire
