#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

extern const Provider bedrock;

}  // namespace obliv::providers
