#pragma once

#include "daemon/commands/command.hpp"

namespace obliv::daemon {

/// Takes the words after the program's name apart. Flags and arguments come in any order; `--` ends
/// flags; `--flag=VALUE` and `--flag VALUE` are the same. What does not fit the command table is
/// `Code::usage`. No command at all leaves `command` null; so do `-h`, `--help` and `help`, which
/// stand in `flags` as `-h` or `--help` (with the command they ask about, if they name one).
Result<Invocation> parse(std::span<const std::string_view> words);

}  // namespace obliv::daemon
