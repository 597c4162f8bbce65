#pragma once

#include "core/base/result.hpp"
#include "core/base/seal.hpp"
#include "core/config/config.hpp"

#include <optional>
#include <string>

namespace obliv::ops {

/// The state folder, held by one process at a time. Any thread may destroy it.
class StateFolder {
public:
    /// Makes the folder (0700) if it is missing and takes its lock. `conflict` when another process
    /// holds it.
    static Result<StateFolder> open(const std::string& path);
    StateFolder(StateFolder&& other) noexcept;
    StateFolder& operator=(StateFolder&&) = delete;
    ~StateFolder();

private:
    explicit StateFolder(int lock) : lock_(lock) {}
    int lock_;  ///< -1 once moved from
};

/// The keys under which the store's secrets are sealed: new values under the first, and while
/// `secrets rotate` has not ended, old ones under the second.
struct MasterKeys {
    MasterKey current{};
    std::optional<MasterKey> previous;
};

/// From `[secrets]`, else from `master.key` in the state folder. When neither is there,
/// `may_create` decides: a new key is written (0600, on disk before this returns), or it is
/// `not_found`. A key is never made beside a database that exists: what it holds was sealed under
/// another one.
Result<MasterKeys> master_keys(const config::Config& config, bool may_create);

}  // namespace obliv::ops
