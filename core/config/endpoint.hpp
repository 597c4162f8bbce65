#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::config {

/// An address to listen on. The host is an IPv4 or IPv6 address, never a name: what a daemon is
/// bound to must not depend on a name server. Port 0 lets the kernel choose.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    /// Reads `127.0.0.1:8490`, `[::1]:8490`, `*:8490` (every IPv4 address) or a bare `:8490` (the
    /// same).
    static Result<Endpoint> parse(std::string_view text);

    bool v6() const noexcept { return host.find(':') != std::string::npos; }
    bool loopback() const noexcept;
    std::string text() const;  ///< as parse reads it
    bool operator==(const Endpoint&) const = default;
};

}  // namespace obliv::config
