#pragma once

#include "cli/commands/invocation.hpp"
#include "cli/output/json.hpp"

#include <vector>

namespace obliv::cli {

/// The flags of `channel add` and `channel set` beyond where a channel points and whom it serves.
std::vector<Flag> channel_setting_flags();

/// Their values, as fields of the body.
Result<void> add_channel_settings(const Values& values, Json& body);

/// `channel key`: its verbs list, add, remove.
Command channel_key_command();

}  // namespace obliv::cli
