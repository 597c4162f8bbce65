#pragma once

#include "core/storage/store.hpp"
#include "daemon/app/publisher.hpp"

#include <string>
#include <vector>

namespace obliv::daemon {

/// What became of one file.
struct Reconciled {
    std::string file;                      ///< its name, fit to be shown
    std::string error;                     ///< why it could not be compared; empty: it was
    std::vector<std::string> differences;  ///< one line each
};

/// Compares each .csv and .json of a folder with what the channels of the type used that its name
/// begins with (`openai-2026-01.csv`), or all channels where it begins with none. Blocks.
std::vector<Reconciled> reconcile_folder(const std::string& folder, storage::Database& database,
                                         const Publisher& publisher);

}  // namespace obliv::daemon
