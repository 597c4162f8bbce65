#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::api {

/// [A-Za-z0-9._-]{1,64}, and not digits only, which would be taken for an id.
Result<void> check_name(std::string_view name);

/// `http://`, `https://`, or `ws://` and `wss://` for a WebSocket; a host, maybe a port and a path;
/// no user, query or fragment.
Result<void> check_url(std::string_view url);

/// Where a list goes on. Callers hand it back as they got it; it names its list, so that the cursor
/// of another list is refused instead of skipping rows.
std::string make_cursor(std::string_view list, std::int64_t after);
Result<std::int64_t> parse_cursor(std::string_view list, std::string_view cursor);

/// The same for a list that is sorted by a text.
std::string make_text_cursor(std::string_view list, std::string_view after);
Result<std::string> parse_text_cursor(std::string_view list, std::string_view cursor);

}  // namespace obliv::api
