#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

extern const Provider cohere;

}  // namespace obliv::providers
