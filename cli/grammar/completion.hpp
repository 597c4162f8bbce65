#pragma once

#include "cli/command.hpp"

#include <string>

namespace obliv::cli {

/// Completion scripts, made from the command table alone: nothing runs while somebody types.
std::string bash_completion(const Command& root);
std::string zsh_completion(const Command& root);
std::string fish_completion(const Command& root);

}  // namespace obliv::cli
