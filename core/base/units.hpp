#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv {

/// Reads a number of bytes: `4096`, `64KiB`, `10MB` (KB MB GB TB count in 1000, KiB MiB GiB TiB in
/// 1024). Never negative; what does not fit 63 bits is `invalid_request`.
Result<std::int64_t> parse_size(std::string_view text);

/// The shortest exact form that parse_size reads: `64KiB`, `10MB`, `1500`.
std::string size_text(std::int64_t bytes);

/// Reads a count: `250`, `10k`, `1M`. Never negative.
Result<std::int64_t> parse_count(std::string_view text);

}  // namespace obliv
