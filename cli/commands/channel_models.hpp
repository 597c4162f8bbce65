#pragma once

#include "cli/command.hpp"

namespace obliv::cli {

/// `obliv channel models`.
Command channel_models_verb();

}  // namespace obliv::cli
