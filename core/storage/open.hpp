#pragma once

#include "core/storage/engine.hpp"

namespace obliv::storage {

/// Opens the store that the options name, by the backend that it belongs to.
Result<std::unique_ptr<Engine>> open_engine(const Options& options);

}  // namespace obliv::storage
