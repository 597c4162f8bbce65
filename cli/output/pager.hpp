#pragma once

#include "core/base/result.hpp"

#include <string>
#include <string_view>

namespace obliv::cli {

/// Shows `text` through `command` (run by sh, as every pager variable expects). False when it could
/// not be started: the caller then writes the text itself.
bool show_in_pager(const std::string& command, std::string_view text);

}  // namespace obliv::cli
