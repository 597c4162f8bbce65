#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

/// iFlytek Spark over HTTP, in OpenAI's form.
extern const Provider spark;

}  // namespace obliv::providers
