#include "daemon/relay/credential.hpp"

#include "core/base/text.hpp"
#include "core/http/uri.hpp"

#include <array>

namespace obliv::relay {

std::string credential_of(const http::RequestHead& request) {
    if (auto value = request.headers.find("authorization")) {
        auto space = value->find(' ');
        if (space != std::string_view::npos &&
            equal_ignoring_case(value->substr(0, space), "bearer"))
            return std::string(trim(value->substr(space)));
    }
    constexpr std::array<std::string_view, 3> names{"x-api-key", "x-goog-api-key", "api-key"};
    for (auto name : names)
        if (auto value = request.headers.find(name))
            return std::string(*value);
    return http::query_value(request.query, "key").value_or("");
}

}  // namespace obliv::relay
