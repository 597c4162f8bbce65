#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace obliv::config {

/// The whole of a regular file (or pipe) of at most `bytes_max`. Errors are `io`, with a message
/// that does not repeat the path, or `not_found`.
Result<std::string> read_file(const std::string& path, std::int64_t bytes_max);

/// The `*.toml` files of the folder `conf.d` beside `config_file`, in byte order; none if there is
/// no such folder. A folder that somebody else than root, the caller or the owner of the file could
/// fill is `config_invalid`.
Result<std::vector<std::string>> drop_ins(const std::string& config_file);

}  // namespace obliv::config
