#pragma once

#include "core/api/body.hpp"
#include "core/storage/prices.hpp"

namespace obliv::admin {

/// The price that a body of the schema PriceSet, or PriceImportRow, tells.
Result<llm::Price> price_of(const api::Body& body);

}  // namespace obliv::admin
