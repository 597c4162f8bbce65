#pragma once

#include "cli/command.hpp"

namespace obliv::cli {

/// The whole command line of obliv: the one list that everything is made from.
Command command_table();

}  // namespace obliv::cli
