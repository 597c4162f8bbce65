#pragma once

#include "cli/output/json.hpp"
#include "core/base/result.hpp"

#include <string>
#include <vector>

namespace obliv::cli {

/// What the jq program `expression` makes of `input` (JSON text): one line for each result, texts
/// raw, all else as compact JSON. A program that does not compile or fails is `usage`.
Result<std::string> jq_filter(const std::string& expression, const std::string& input);

/// Whether this program compiles; `usage` says why not.
Result<void> check_jq(const std::string& expression);

/// Keeps only these keys (dots go deeper) of an object, or of every object in its `data`; `schema`
/// and `next_cursor` stay. A key that no row has is `usage`, with the nearest that one has.
Result<Json> keep_fields(const Json& document, const std::vector<std::string>& fields);

}  // namespace obliv::cli
