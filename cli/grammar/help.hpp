#pragma once

#include "cli/command.hpp"

#include <string>
#include <string_view>

namespace obliv::cli {

/// `-h`: what it does, how it is called, examples, its flags in a line each.
std::string brief_help(const Command& command, std::string_view path);
/// `--help`: everything.
std::string full_help(const Command& command, std::string_view path);

/// `obliv token create NAME [flags]`.
std::string usage_line(const Command& command, std::string_view path);
/// `-m, --model ID`.
std::string flag_name(const Flag& flag);
/// The exit codes that a command can end with, as `code  meaning`, in order.
std::vector<std::pair<int, std::string>> exit_codes(const Command& command);

}  // namespace obliv::cli
