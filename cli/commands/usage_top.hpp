#pragma once

#include "core/base/result.hpp"

namespace obliv::cli {

class Invocation;

/// `obliv usage top`: the dashboard once a second on a terminal, else one frame of it.
Result<void> usage_top(Invocation& run);

}  // namespace obliv::cli
