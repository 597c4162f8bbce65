#pragma once

#include "core/base/bound.hpp"
#include "core/base/result.hpp"

#include <cstdint>

namespace obliv {

/// Has `share`, of memory for large calls, be `wanted` bytes at least; what it has already serves
/// again. `overloaded`, with a time to wait: others have the rest.
Result<void> take_share(Share& share, Bound& memory, std::int64_t wanted);

}  // namespace obliv
