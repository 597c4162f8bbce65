#pragma once

#include "core/base/result.hpp"

#include <string>

namespace obliv::cli {

class Invocation;

/// All of a descriptor, which has to be UTF-8 text of at most 32 MiB. Waits for it, and ends early
/// when the person interrupts. `name` is what messages call it.
Result<std::string> read_text(Invocation& run, int descriptor, const std::string& name);

/// The same of a file; `-` is stdin.
Result<std::string> read_text_file(Invocation& run, const std::string& path);

}  // namespace obliv::cli
