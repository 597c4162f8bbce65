#pragma once

#include "cli/output/json.hpp"
#include "core/base/result.hpp"

#include <string>
#include <string_view>

namespace obliv::cli {

/// Prices as files: JSON (`{"prices":[…]}`, as export writes it, or a list of them) and CSV with a
/// head line. What one writes the other reads, to the last decimal.

/// A list of rows as the import call takes them. `usage` tells the row and field that is wrong.
Result<Json> read_prices(std::string_view text, bool csv);

/// The rows of the list call as CSV, or as the import takes them: what is not set is left out.
std::string prices_csv(const Json& prices);
Json exported_prices(const Json& prices);

/// `ABOVE:input=5,output=22.5`, several separated by semicolons.
Result<Json> read_tiers(std::string_view text);
std::string tiers_text(const Json& tiers);

/// Where the list of prices that came with obliv lies.
std::string default_prices_path();

}  // namespace obliv::cli
