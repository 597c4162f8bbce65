#pragma once

#include "core/api/body.hpp"
#include "core/storage/store.hpp"

#include <string_view>
#include <vector>

namespace obliv::admin {

/// The price that a body of the schema PriceSet, or PriceImportRow, tells.
Result<llm::Price> price_of(const api::Body& body);

/// Notes in the row what the price is meant for: `channel` is a name or an id, or empty.
/// not_found: there is no such channel.
Result<void> read_place(storage::Session& session, std::string_view channel,
                        std::string_view variant, storage::PriceRow& row);
/// Both as the body has them.
Result<void> read_place(storage::Session& session, const api::Body& body, storage::PriceRow& row);

/// Whether both are versions of one price.
bool same_place(const storage::PriceRow& a, const storage::PriceRow& b) noexcept;

/// The one of `rows` that is of the same place; null: none is.
const storage::PriceRow* find_place(const std::vector<storage::PriceRow>& rows,
                                    const storage::PriceRow& place) noexcept;

}  // namespace obliv::admin
