#pragma once

#include "daemon/commands/command.hpp"

#include <string>

namespace obliv::daemon {

/// What `oblivd` alone prints.
std::string program_help();
/// `-h`: what it does, how it is called, examples, its flags in a line each.
std::string brief_help(const Command& command);
/// `--help`: the same with everything there is to say.
std::string full_help(const Command& command);
/// `oblivd ctl log-level LEVEL [flags]`.
std::string usage_line(const Command& command);

struct ExitCode {
    int number;
    std::string_view meaning;
};
std::span<const ExitCode> exit_codes();

}  // namespace obliv::daemon
