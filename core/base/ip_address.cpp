#include "core/base/ip_address.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <span>

namespace obliv {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Prefix {
    std::array<std::uint8_t, 4> begin;
    unsigned bits;
};

// IANA's registry of special-purpose IPv4 addresses, and what of it lies outside.
constexpr std::array special_v4{
    Prefix{{0, 0, 0, 0}, 8},         // "this network"
    Prefix{{10, 0, 0, 0}, 8},        // private
    Prefix{{100, 64, 0, 0}, 10},     // carrier-grade NAT
    Prefix{{127, 0, 0, 0}, 8},       // loopback
    Prefix{{168, 63, 129, 16}, 32},  // Azure answers its own machines here
    Prefix{{169, 254, 0, 0}, 16},    // link-local, metadata of most clouds
    Prefix{{172, 16, 0, 0}, 12},     // private
    Prefix{{192, 0, 0, 0}, 24},      // protocol assignments
    Prefix{{192, 0, 2, 0}, 24},      // documentation
    Prefix{{192, 88, 99, 0}, 24},    // 6to4 relays of old
    Prefix{{192, 168, 0, 0}, 16},    // private
    Prefix{{198, 18, 0, 0}, 15},     // benchmarks
    Prefix{{198, 51, 100, 0}, 24},   // documentation
    Prefix{{203, 0, 113, 0}, 24},    // documentation
    Prefix{{224, 0, 0, 0}, 4},       // multicast
    Prefix{{240, 0, 0, 0}, 4},       // reserved, and broadcast
};

// Of IPv6 only 2000::/3 is given out for use in public; these parts of it are not.
constexpr std::array special_v6{
    Prefix{{0x20, 0x01, 0x00, 0x00}, 23},  // protocol assignments, Teredo among them
    Prefix{{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    Prefix{{0x20, 0x02, 0x00, 0x00}, 16},  // 6to4: an IPv4 address inside
    Prefix{{0x3f, 0xff, 0x00, 0x00}, 20},  // documentation
};

bool begins_like(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> prefix,
                 unsigned bits) noexcept {
    auto whole = static_cast<std::size_t>(bits / 8);
    if (!std::equal(prefix.begin(), prefix.begin() + static_cast<std::ptrdiff_t>(whole),
                    bytes.begin()))
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || (bytes[whole] >> (8 - rest)) == (prefix[whole] >> (8 - rest));
}

template <std::size_t N>
bool in_any(std::span<const std::uint8_t> bytes, const std::array<Prefix, N>& list) noexcept {
    return std::any_of(list.begin(), list.end(), [&](const Prefix& prefix) {
        return begins_like(bytes, prefix.begin, prefix.bits);
    });
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    std::string terminated(text);
    if (terminated.find('\0') != std::string::npos)
        return std::nullopt;
    IpAddress out;
    if (::inet_pton(AF_INET, terminated.c_str(), out.bytes_.data()) == 1) {
        out.v4_ = true;
        return out;
    }
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    if (::inet_pton(AF_INET6, terminated.c_str(), &six.sin6_addr) != 1)
        return std::nullopt;
    return from(reinterpret_cast<const sockaddr&>(six));
}

std::optional<IpAddress> IpAddress::from(const sockaddr& address) {
    IpAddress out;
    if (address.sa_family == AF_INET) {
        out.v4_ = true;
        std::memcpy(out.bytes_.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
        return out;
    }
    if (address.sa_family != AF_INET6)
        return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
    out.v4_ = std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
    if (out.v4_)
        std::copy(bytes.begin() + mapped_prefix.size(), bytes.end(), out.bytes_.begin());
    else
        out.bytes_ = bytes;
    return out;
}

bool IpAddress::is_public() const noexcept {
    if (v4_)
        return !in_any(bytes_, special_v4);
    return (bytes_[0] & 0xE0U) == 0x20 && !in_any(bytes_, special_v6);
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
}

bool is_host_name(std::string_view text) noexcept {
    constexpr std::size_t bytes_max = 253;
    auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !text.empty() && text.size() <= bytes_max && !is_digit(text.back()) &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               auto small = lower(c);
               return (small >= 'a' && small <= 'z') || is_digit(c) || c == '-' || c == '.';
           });
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
    auto slash = text.find('/');
    auto address = IpAddress::parse(text.substr(0, slash));
    if (!address)
        return fail(Code::invalid_request,
                    "expected an address or a network such as 10.1.0.0/16, got '" + visible(text) +
                        "'");
    IpNetwork out;
    out.address_ = *address;
    unsigned most = address->v4_ ? 32 : 128;
    out.bits_ = most;
    if (slash != std::string_view::npos) {
        auto bits = parse_int(text.substr(slash + 1));
        if (!bits || *bits < 0 || *bits > most)
            return fail(Code::invalid_request, "expected at most " + std::to_string(most) +
                                                   " bits behind the '/' of '" + visible(text) +
                                                   "'");
        out.bits_ = static_cast<unsigned>(*bits);
    }
    for (unsigned bit = out.bits_; bit < most; ++bit)
        if ((address->bytes_[bit / 8] & (0x80U >> (bit % 8))) != 0)
            return fail(Code::invalid_request,
                        "'" + visible(text) + "' has bits behind its prefix");
    return out;
}

IpNetwork IpNetwork::around(const IpAddress& address, const IpAddress& mask) noexcept {
    IpNetwork out;
    out.address_ = address;
    auto bytes = address.v4_ ? 4U : 16U;
    while (out.bits_ < bytes * 8 && (mask.bytes_[out.bits_ / 8] & (0x80U >> (out.bits_ % 8))) != 0)
        ++out.bits_;
    if (out.bits_ == 0)
        out.bits_ = bytes * 8;  // no netmask, as of a tunnel: the address alone
    return out;
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
    return address.v4_ == address_.v4_ && begins_like(address.bytes_, address_.bytes_, bits_);
}

}  // namespace obliv
