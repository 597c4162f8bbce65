#pragma once

#include <string>
#include <string_view>

namespace obliv::test {

/// What a provider of this format would refuse in a request body, by a look of its own at the JSON:
/// fields of another format, roles out of order, results without their calls, parts of no kind.
/// Empty: nothing.
std::string wrong_in(std::string_view wire, std::string_view body);

}  // namespace obliv::test
