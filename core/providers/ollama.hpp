#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

/// A server of Ollama, or its cloud: its own format, and OpenAI's.
extern const Provider ollama;

}  // namespace obliv::providers
