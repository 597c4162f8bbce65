#pragma once

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// What a key may look like: one line of printable ASCII. Everything else is a mistake (a whole
/// file, a prompt) and would break the header that it goes into.
Result<Secret> checked_key(std::string_view text, std::string_view where);

/// The key in a file of mode 0600.
Result<Secret> key_from_file(const std::string& path);

/// The key on a descriptor, read to its end.
Result<Secret> key_from_descriptor(int descriptor);

/// What a program prints, run without a shell, for at most ten seconds. Its stderr is ours.
Result<Secret> key_from_command(const std::vector<std::string>& command,
                                const std::atomic<bool>& interrupted);

}  // namespace obliv::cli
