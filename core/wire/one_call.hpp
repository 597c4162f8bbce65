#pragma once

#include "core/wire/wire.hpp"

#include <memory>

namespace obliv::wire {

/// Lets the first tool call of each choice through to `writer` and no other: what a client who asks
/// for one call at a time is owed where the provider cannot be held to it.
std::unique_ptr<ReplyWriter> with_one_call(std::unique_ptr<ReplyWriter> writer);

}  // namespace obliv::wire
