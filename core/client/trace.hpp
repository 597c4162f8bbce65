#pragma once

#include <string>
#include <string_view>

namespace obliv::client {

/// One line of a request or reply head as `-vv` shows it: no credential, no cookie, no key in a
/// query. Control bytes become visible marks.
std::string redacted(std::string_view line);

}  // namespace obliv::client
