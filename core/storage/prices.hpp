#pragma once

#include "core/base/clock.hpp"
#include "core/llm/price.hpp"
#include "core/storage/page.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// One version of the price of a model. Versions are appended, never changed: usage rows name them.
struct PriceRow {
    llm::Price price;  ///< its id is the version
    TenantId tenant;
    std::string model;
    WallTime effective_from{};
    bool removed = false;  ///< from effective_from on the model has no price
};

/// Reads work on every session, writes on the writer's session only.
class PriceStore {
public:
    virtual ~PriceStore() = default;
    /// The newest version of every model that has a price at `now`.
    virtual Result<std::vector<PriceRow>> current(WallTime now) = 0;
    /// When `current` will answer something else without anything being appended; nothing: never.
    virtual Result<std::optional<WallTime>> next_change(WallTime now) = 0;
    virtual Result<std::vector<PriceRow>> history(std::string_view model) = 0;  ///< newest first
    virtual Result<PriceRow> get(PriceId id) = 0;
    virtual Result<PriceId> append(const PriceRow& row) = 0;
};

}  // namespace obliv::storage
