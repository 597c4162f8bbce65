#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

extern const Provider gemini;

}  // namespace obliv::providers
