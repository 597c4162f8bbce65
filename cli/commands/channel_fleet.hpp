#pragma once

#include "cli/command.hpp"

#include <vector>

namespace obliv::cli {

/// `apply` and `import` of `obliv channel`.
std::vector<Command> channel_fleet_verbs();

}  // namespace obliv::cli
