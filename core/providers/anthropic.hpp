#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

extern const Provider anthropic;

}  // namespace obliv::providers
