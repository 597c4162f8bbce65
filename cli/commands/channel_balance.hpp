#pragma once

#include "cli/command.hpp"

namespace obliv::cli {

/// `obliv channel balance`.
Command channel_balance_verb();

}  // namespace obliv::cli
