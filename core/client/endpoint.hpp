#pragma once

#include "core/base/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::client {

/// Where a server is: `http(s)://host[:port][/base]` or `unix:PATH`.
struct Endpoint {
    std::string base_url;     ///< without a trailing slash; for a socket `http://localhost`
    std::string socket_path;  ///< empty for TCP
    std::string text;         ///< as a person wrote it

    bool is_socket() const noexcept { return !socket_path.empty(); }
    /// Whether the base names a path, as the base URL of an SDK does (`http://host/v1`).
    bool has_path() const noexcept;

    /// The address of a management call: `path` starts with `/api/`, and a base URL's `/v1` is not
    /// part of it.
    std::string management_url(std::string_view path) const;
    /// The address of a call in the OpenAI form: `path` is what follows `/v1`.
    std::string openai_url(std::string_view path) const;
};

/// Refuses what is not an endpoint, and a password inside one: secrets are no part of an address.
Result<Endpoint> parse_endpoint(std::string_view text);

/// Reads one environment variable; empty when unset.
using Environment = std::function<std::string(const char*)>;

/// The sockets of a local oblivd in the order in which they are tried: the user's own, the
/// system's.
std::vector<std::string> local_sockets(const Environment& environment);

/// The first of local_sockets() that exists, or `unavailable`.
Result<Endpoint> local_endpoint(const Environment& environment);

}  // namespace obliv::client
