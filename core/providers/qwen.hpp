#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

/// Alibaba's Model Studio (DashScope): OpenAI's form.
extern const Provider qwen;

}  // namespace obliv::providers
