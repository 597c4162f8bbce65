#pragma once

#include "cli/sim/call.hpp"

#include <string_view>

namespace obliv::sim {

// Calls that are answered with one document: functions of the request alone. What is refused names
// the field at fault.

/// Vectors of length 1 whose directions depend on the words of a text, so that texts with words in
/// common are near each other: 64 numbers, or as many as `dimensions` says.
Result<Call> read_embeddings(std::string_view body);

/// The same as Google is asked for it, one text or several, and Cohere.
Result<Call> read_gemini_embedding(std::string_view body);
Result<Call> read_gemini_embeddings(std::string_view body);
Result<Call> read_cohere_embeddings(std::string_view body);

/// Flags texts with the mark `[[sim:flag]]`.
Result<Call> read_moderation(std::string_view body);

/// Documents by the share of the query's words that they hold, in the shape of Cohere and Jina.
Result<Call> read_rerank(std::string_view body);

}  // namespace obliv::sim
