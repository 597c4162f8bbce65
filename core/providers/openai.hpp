#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

extern const Provider openai;

}  // namespace obliv::providers
