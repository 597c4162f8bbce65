#pragma once

#include "core/base/clock.hpp"
#include "core/llm/price.hpp"
#include "core/storage/page.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// One version of a price. Versions are appended, never changed: usage rows name them. A model has
/// a price for every call, and may have others beside it that are meant for fewer.
struct PriceRow {
    llm::Price price;  ///< its id is the version
    TenantId tenant;
    std::string model;
    ChannelId channel;    ///< meant for calls that it serves; none: for those of any
    std::string variant;  ///< meant for images of a size or quality (llm::fit_of); empty: for all
    std::string channel_name{};  ///< read only
    WallTime effective_from{};
    bool removed = false;  ///< from effective_from on the model has no price
};

/// Reads work on every session, writes on the writer's session only.
class PriceStore {
public:
    virtual ~PriceStore() = default;
    /// The newest version of every price that there is at `now`.
    virtual Result<std::vector<PriceRow>> current(WallTime now) = 0;
    /// When `current` will answer something else without anything being appended; nothing: never.
    virtual Result<std::optional<WallTime>> next_change(WallTime now) = 0;
    /// Of all of a model's prices, newest first.
    virtual Result<std::vector<PriceRow>> history(std::string_view model) = 0;
    virtual Result<PriceRow> get(PriceId id) = 0;
    virtual Result<PriceId> append(const PriceRow& row) = 0;
};

}  // namespace obliv::storage
