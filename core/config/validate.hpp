#pragma once

#include "core/config/load.hpp"

namespace obliv::config {

/// The rules between two settings; each broken one is a problem at the place of the setting that
/// has to move.
void validate(const Loaded& loaded, std::vector<Problem>& problems);

}  // namespace obliv::config
