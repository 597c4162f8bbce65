#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

/// Azure OpenAI: a resource whose models are deployments, named in the path.
extern const Provider azure;

}  // namespace obliv::providers
