#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// One version of the description of a provider that is not built in. Versions are appended, never
/// changed, and count from 1 for each name.
struct ProviderRow {
    TenantId tenant;
    std::string name;
    std::int64_t version = 0;
    std::string source;  ///< TOML, as it was written
    bool removed = false;
    WallTime created_at{};
};

/// Reads work on every session, writes on the writer's session only.
class ProviderStore {
public:
    virtual ~ProviderStore() = default;
    /// The newest version of each that has not been removed, by name.
    virtual Result<std::vector<ProviderRow>> all() = 0;
    virtual Result<ProviderRow> find(std::string_view name) = 0;                  ///< not_found
    virtual Result<std::vector<ProviderRow>> history(std::string_view name) = 0;  ///< newest first
    virtual Result<ProviderRow> append(const ProviderRow& row) = 0;  ///< gives version and time
};

}  // namespace obliv::storage
