#include "core/config/endpoint.hpp"

#include "core/base/text.hpp"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <optional>

namespace obliv::config {
namespace {

bool is_address(int family, const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(family, host.c_str(), address.data()) == 1;
}

Error bad_address(std::string_view text, std::string_view why) {
    return fail(Code::invalid_request,
                "expected an address such as 127.0.0.1:8490 or [::1]:8490, got '" + visible(text) +
                    "': " + std::string(why));
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    auto port = parse_int(text);
    if (!port || *port < 0 || *port > 65'535 || text.starts_with('-'))
        return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return bad_address(text, "the port is missing");
    auto port = parse_port(text.substr(colon + 1));
    if (!port)
        return bad_address(text, "a port is a number from 0 to 65535");

    Endpoint out{std::string(text.substr(0, colon)), *port};
    if (out.host.empty() || out.host == "*")
        out.host = "0.0.0.0";
    if (out.host.starts_with('[') && out.host.ends_with(']')) {
        out.host = out.host.substr(1, out.host.size() - 2);
        if (!is_address(AF_INET6, out.host))
            return bad_address(text, "not an IPv6 address");
    } else if (!is_address(AF_INET, out.host)) {
        return bad_address(text,
                           out.v6() ? "an IPv6 address stands in brackets" : "not an IP address");
    }
    return out;
}

bool Endpoint::loopback() const noexcept {
    return host.starts_with("127.") || host == "::1";
}

std::string Endpoint::text() const {
    return (v6() ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace obliv::config
