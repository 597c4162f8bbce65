#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// Amazon Bedrock's Converse, towards providers only: the model and whether it streams are in the
/// path, streams come as AWS event streams.
extern const Wire bedrock;

}  // namespace obliv::wire
