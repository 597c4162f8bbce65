#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace obliv {

/// RFC 3339 in UTC with milliseconds: `2026-11-22T05:07:34.120Z`. Every time that we show.
std::string rfc3339(WallTime time);

/// As HTTP writes a time: `Fri, 05 May 2023 10:43:39 GMT`.
std::string http_date(WallTime time);

/// Reads RFC 3339 with any offset and 0 to 9 decimals, or a bare date (midnight UTC).
Result<WallTime> parse_rfc3339(std::string_view text);

/// Reads RFC 3339, or a distance into the past such as `-24h`, `-30d`.
Result<WallTime> parse_time(std::string_view text, WallTime now);

/// Reads `250ms 10s 5m 2h 7d` (a whole number and one unit).
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest exact form that parse_duration reads: `1500ms`, `10s`, `2h`.
std::string duration_text(std::chrono::milliseconds span);

}  // namespace obliv
