#pragma once

#include "cli/command.hpp"

namespace obliv::cli {

/// `obliv account statement`
Command account_statement_command();

}  // namespace obliv::cli
