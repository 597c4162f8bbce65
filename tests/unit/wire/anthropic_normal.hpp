#pragma once

#include <nlohmann/json.hpp>

namespace obliv::test {

/// A request to Anthropic with one spelling for what has several: the equivalences that
/// docs/conversion/anthropic.md names, and no others. The order of members does not count.
nlohmann::json normal_anthropic(nlohmann::json body);

}  // namespace obliv::test
