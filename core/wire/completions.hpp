#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// OpenAI's legacy text completions (`POST /v1/completions`), both ways. Towards other formats the
/// prompt is what a user says.
extern const Wire completions;

}  // namespace obliv::wire
