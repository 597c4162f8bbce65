#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

/// Vertex AI. The key is the JSON of a service account, or an API key (express mode, Gemini only).
/// The base URL says the place, and by its end which models: nothing for Gemini's,
/// `/publishers/anthropic` for Claude, `/endpoints/openapi` for open ones.
extern const Provider vertex;

}  // namespace obliv::providers
