#pragma once

#include "cli/command.hpp"

namespace obliv::cli {

// The nouns of money that is not an account's own; cli/commands.cpp puts them in order.
Command budget_command();
Command redeem_command();

}  // namespace obliv::cli
