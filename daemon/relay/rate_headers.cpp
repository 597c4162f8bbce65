#include "daemon/relay/rate_headers.hpp"

#include "core/base/text.hpp"

#include <array>
#include <span>

namespace obliv::relay {
namespace {

constexpr std::array<std::string_view, 2> requests{"x-ratelimit-remaining-requests",
                                                   "anthropic-ratelimit-requests-remaining"};
// Baidu counts both kinds; what is read runs out first.
constexpr std::array<std::string_view, 3> tokens{"x-ratelimit-remaining-tokens",
                                                 "anthropic-ratelimit-tokens-remaining",
                                                 "x-ratelimit-remaining-input-tokens"};

std::optional<std::int64_t> figure(const http::Headers& headers,
                                   std::span<const std::string_view> names) {
    for (auto name : names)
        if (auto text = headers.find(name))
            if (auto number = parse_int(*text); number && *number >= 0)
                return *number;
    return std::nullopt;
}

}  // namespace

channels::Window window_of(const http::Headers& headers) {
    return {figure(headers, requests), figure(headers, tokens)};
}

}  // namespace obliv::relay
