#pragma once

#include "cli/sim/options.hpp"

#include <functional>
#include <string>

namespace obliv::sim {

/// Serves simulated replies until SIGINT or SIGTERM, and returns which of them came. `ready` is
/// called once with the address that is listened on, its port no longer zero. Blocks both signals
/// in the calling thread. An address in use is `Code::conflict`.
Result<int> serve(const Options& options, const std::function<void(const std::string&)>& ready);

}  // namespace obliv::sim
