#pragma once

#include "core/base/result.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace obliv {

/// An IPv4 or IPv6 address. An IPv6 address that only wraps an IPv4 one is that IPv4 address.
class IpAddress {
public:
    /// `127.0.0.1` or `::1`, nothing else: no port, no brackets, no zone, no shortened IPv4.
    static std::optional<IpAddress> parse(std::string_view text);
    /// Nothing for an address of another family.
    static std::optional<IpAddress> from(const sockaddr& address);

    bool is_v4() const noexcept { return v4_; }
    /// Whether it is a host's on the public internet: not this machine's, not a private network's,
    /// none that is reserved, and none at which a cloud answers its own machines.
    bool is_public() const noexcept;
    std::string text() const;
    bool operator==(const IpAddress&) const = default;

private:
    friend class IpNetwork;
    bool v4_ = false;
    std::array<std::uint8_t, 16> bytes_{};  ///< of an IPv4 address the first four
};

/// Letters, digits, `-` and `.`; what ends in a digit would be an address.
bool is_host_name(std::string_view text) noexcept;

/// An address, or all that begin like it: `10.1.0.0/16`, `fd00::/8`, `192.0.2.7`.
class IpNetwork {
public:
    /// invalid_request: not a network, or an address has bits behind its prefix.
    static Result<IpNetwork> parse(std::string_view text);
    /// The network that an interface with this address and netmask is on.
    static IpNetwork around(const IpAddress& address, const IpAddress& mask) noexcept;
    bool contains(const IpAddress& address) const noexcept;

private:
    IpAddress address_;
    unsigned bits_ = 0;
};

}  // namespace obliv
