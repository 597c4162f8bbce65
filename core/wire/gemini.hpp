#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// Google's generateContent and streamGenerateContent, of AI Studio and of Vertex AI.
extern const Wire gemini;

}  // namespace obliv::wire
