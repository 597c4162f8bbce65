#include "core/client/trace.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>

namespace obliv::client {
namespace {

constexpr std::array<std::string_view, 8> secret_headers{
    "authorization", "proxy-authorization", "x-api-key",      "api-key",
    "cookie",        "set-cookie",          "x-goog-api-key", "sec-websocket-protocol"};
constexpr std::array<std::string_view, 4> secret_parameters{"key", "token", "api_key",
                                                            "access_token"};

/// The query of a request line with the values of secret parameters taken out.
std::string without_secret_parameters(std::string_view line) {
    std::string out;
    std::size_t at = 0;
    while (at < line.size()) {
        auto start = line.find_first_of("?&", at);
        if (start == std::string_view::npos)
            break;
        auto equals = line.find_first_of("=&? ", start + 1);
        out += line.substr(at, start + 1 - at);
        at = start + 1;
        if (equals == std::string_view::npos || line[equals] != '=')
            continue;
        auto name = line.substr(at, equals - at);
        auto secret = std::any_of(secret_parameters.begin(), secret_parameters.end(),
                                  [&](auto known) { return equal_ignoring_case(known, name); });
        if (!secret)
            continue;
        out += std::string(name) + "=***";
        at = std::min(line.find_first_of("& ", equals), line.size());
    }
    return out + std::string(line.substr(std::min(at, line.size())));
}

}  // namespace

std::string redacted(std::string_view line) {
    auto colon = line.find(':');
    auto name = line.substr(0, colon);
    if (colon != std::string_view::npos)
        for (auto secret : secret_headers)
            if (equal_ignoring_case(name, secret))
                return visible(name) + ": ***";
    return visible(without_secret_parameters(line));
}

}  // namespace obliv::client
