#include "daemon/relay/credential.hpp"

#include "core/base/text.hpp"
#include "core/http/uri.hpp"

#include <array>

namespace obliv::relay {
namespace {

/// A browser cannot set headers on a WebSocket: OpenAI's SDK puts the key among its protocols.
std::optional<std::string_view> key_among(std::string_view protocols) {
    constexpr std::string_view prefix = "openai-insecure-api-key.";
    for (auto protocol : split(protocols, ','))
        if (auto name = trim(protocol); name.starts_with(prefix))
            return name.substr(prefix.size());
    return std::nullopt;
}

}  // namespace

std::string_view credential_of(const http::RequestHead& request, std::string& room) {
    if (auto value = request.headers.find("authorization")) {
        auto space = value->find(' ');
        if (space != std::string_view::npos &&
            equal_ignoring_case(value->substr(0, space), "bearer"))
            return trim(value->substr(space));
    }
    constexpr std::array<std::string_view, 3> names{"x-api-key", "x-goog-api-key", "api-key"};
    for (auto name : names)
        if (auto value = request.headers.find(name))
            return *value;
    if (auto value = request.headers.find("sec-websocket-protocol"))
        if (auto key = key_among(*value))
            return *key;
    auto key = http::query_value(request.query, "key");
    if (!key)
        key = http::query_value(request.query, "token");
    room = std::move(key).value_or("");
    return room;
}

}  // namespace obliv::relay
