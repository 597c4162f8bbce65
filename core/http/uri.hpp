#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace obliv::http {

/// `text` with %XX undone, or nothing if an escape is broken. `plus` also turns '+' into a space,
/// as in query strings.
std::optional<std::string> percent_decode(std::string_view text, bool plus = false);

/// `text` with everything but unreserved characters escaped.
std::string percent_encode(std::string_view text);

/// The decoded value of the first `name` in a query string such as "a=1&key=sk-x".
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace obliv::http
