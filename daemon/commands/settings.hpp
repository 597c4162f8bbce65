#pragma once

#include "core/config/load.hpp"
#include "daemon/commands/command.hpp"

namespace obliv::daemon {

/// The flags of an invocation that change settings.
config::Flags setting_flags(const Invocation& invocation);
/// The settings that an invocation is about.
Result<config::Loaded> load_settings(const Invocation& invocation);

/// What a failed verb ends the program with.
int exit_code(const Error& error);
/// Tells a failure on standard error. Problems of a configuration stand alone, `file:line:column`
/// first, so that editors find them.
void print_error(const Error& error);
/// Writes all of `text` on standard output; a reader that went away is `cancelled`.
Result<void> print_out(std::string_view text);

}  // namespace obliv::daemon
