#pragma once

#include "core/base/result.hpp"

#include <string>
#include <string_view>

namespace obliv::cli {

/// `text` (of a settings file) with `key` set to `value`, everything else as it was: comments,
/// order, layout. `value` is what a person types (`5m`, `true`, `a,b` for a list).
Result<std::string> with_setting(std::string_view text, const std::string& file,
                                 const std::string& key, const std::string& value);

/// `text` without the line of `key`; `not_found` when there is none.
Result<std::string> without_setting(std::string_view text, const std::string& file,
                                    const std::string& key);

}  // namespace obliv::cli
