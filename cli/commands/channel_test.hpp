#pragma once

#include "cli/command.hpp"

namespace obliv::cli {

/// `obliv channel test CHANNEL...`, or of all with --every.
Command channel_test_verb();

}  // namespace obliv::cli
