#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace obliv::daemon {

/// JSON, whole or cut or in events, with the values of these fields replaced, whatever they are.
std::string without_fields(std::string_view text, const std::vector<std::string>& fields);

/// What may be kept of a body: neither named fields nor secrets, also not those that came in pieces
/// of several events, nor the beginning of one in the place where the body was cut.
std::string fit_to_keep(std::string_view text, bool cut, std::vector<std::string> fields);

}  // namespace obliv::daemon
