#pragma once

#include "daemon/commands/command.hpp"

/// What each verb does; commands.cpp is the list.
namespace obliv::daemon {

Result<void> run_daemon(const Invocation& invocation);
Result<void> check_settings(const Invocation& invocation);
Result<void> print_settings(const Invocation& invocation);
Result<void> migrate_database(const Invocation& invocation);
Result<void> ctl_status(const Invocation& invocation);
Result<void> ctl_reload(const Invocation& invocation);
Result<void> ctl_drain(const Invocation& invocation);
Result<void> ctl_log_level(const Invocation& invocation);
Result<void> print_version(const Invocation& invocation);
Result<void> print_generated(const Invocation& invocation);

}  // namespace obliv::daemon
