#pragma once

#include "core/base/result.hpp"

#include <string_view>

namespace obliv::api {

/// Whether `text` is one JSON value in UTF-8, nested at most `depth_max` deep and without a key
/// twice in one object. The error says what is wrong and at which byte.
Result<void> check_json(std::string_view text, std::size_t depth_max);

}  // namespace obliv::api
