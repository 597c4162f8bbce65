#pragma once

#include <string_view>

namespace obliv {

/// The version of the program, as CMakeLists.txt has it: `0.1.0`.
extern const std::string_view version;

}  // namespace obliv
