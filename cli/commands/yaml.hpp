#pragma once

#include "cli/output/json.hpp"
#include "core/base/result.hpp"

#include <string_view>

namespace obliv::cli {

/// The part of YAML that configurations are written in: block mappings and sequences, plain and
/// quoted scalars, comments, and flow lists and maps that are JSON. usage: anything else (anchors,
/// block texts, tabs, several documents), with its line.
Result<Json> parse_yaml(std::string_view text);

}  // namespace obliv::cli
