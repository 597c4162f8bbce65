#pragma once

#include "core/wire/wire.hpp"

namespace obliv::wire {

/// Anthropic's Messages API, both ways.
extern const Wire anthropic;

/// Messages as Vertex AI takes them (`rawPredict`): the model is in the path, the version in the
/// body. Replies and errors are those of `anthropic`, and so are extras, proofs and file ids.
extern const Wire anthropic_vertex;

}  // namespace obliv::wire
