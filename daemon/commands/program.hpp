#pragma once

#include <span>
#include <string_view>

namespace obliv::daemon {

/// All of oblivd: understands the words of the command line, runs the verb, tells its failure.
/// Returns the exit code.
int run_program(std::span<const std::string_view> words);

}  // namespace obliv::daemon
