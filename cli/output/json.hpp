#pragma once

#include <nlohmann/json_fwd.hpp>

namespace obliv::cli {

/// Keeps the order of its keys, so that `type` and `schema` come first where they are promised to.
using Json = nlohmann::ordered_json;

}  // namespace obliv::cli
