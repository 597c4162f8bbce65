#pragma once

#include "core/base/secret.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::providers {

/// Where a channel points.
struct Endpoint {
    std::string base_url;  ///< as the provider's own SDK takes it, without a slash at the end
    Secret key;
};

/// What a provider is asked, as far as it does not depend on the call.
struct WireTarget {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;  ///< the credential is among them
};

/// One upstream dialect as pure functions: no sockets, no clock, no state between calls.
struct Provider {
    std::string_view name;  ///< as written in a channel's `type`
    std::string_view default_base_url;
    WireTarget (*chat)(const Endpoint&);    ///< POST: a chat completion in the OpenAI form
    WireTarget (*models)(const Endpoint&);  ///< GET: the list of models
};

/// All of them, in the order of their names.
std::span<const Provider* const> all() noexcept;

/// Null when no provider has this name.
const Provider* find(std::string_view name) noexcept;

}  // namespace obliv::providers
