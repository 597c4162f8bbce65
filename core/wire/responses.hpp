#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// OpenAI's Responses API (`POST /v1/responses`), both ways.
extern const Wire responses;

}  // namespace obliv::wire
