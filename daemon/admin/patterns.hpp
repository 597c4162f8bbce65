#pragma once

#include "core/base/result.hpp"

#include <string>
#include <vector>

namespace obliv::admin {

/// Whether each of these is a model pattern; the error points at the one in `models` that is not.
Result<void> check_patterns(const std::vector<std::string>& patterns);

}  // namespace obliv::admin
