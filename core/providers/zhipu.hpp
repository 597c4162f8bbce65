#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

/// Zhipu GLM, also as Z.ai: OpenAI's form.
extern const Provider zhipu;

}  // namespace obliv::providers
