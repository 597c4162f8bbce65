#pragma once

#include "cli/settings/paths.hpp"
#include "core/base/result.hpp"

#include <string>
#include <string_view>

namespace obliv::cli {

/// Whether the person has declared this project file trusted as it is now: path and content.
bool is_trusted(const Paths& paths, const std::string& file, std::string_view content);

/// Remembers that.
Result<void> trust(const Paths& paths, const std::string& file, std::string_view content);

}  // namespace obliv::cli
