#pragma once

#include "cli/commands/invocation.hpp"

#include <string>
#include <string_view>

namespace obliv::cli {

/// Shows how a past call found its provider.
Result<void> show_request(Invocation& run, const std::string& id, std::string_view schema);

}  // namespace obliv::cli
