#pragma once

#include "cli/command.hpp"
#include "cli/settings/paths.hpp"

#include <string>
#include <vector>

namespace obliv::cli {

/// Runs the command that `words` (without the program's name) ask for and gives its exit code.
/// Everything it says goes to descriptors 1 and 2.
int run_program(const Command& root, const std::vector<std::string>& words,
                const Environment& environment);

}  // namespace obliv::cli
