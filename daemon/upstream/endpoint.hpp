#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace obliv::upstream {

class Guard;

/// An HTTP proxy on the way. `authorization` is the value of Proxy-Authorization, or empty.
struct Proxy {
    std::string host;
    std::uint16_t port = 0;
    std::string authorization{};

    bool operator==(const Proxy&) const = default;
};

/// Where calls go: everything that makes two connections interchangeable.
struct Endpoint {
    std::string host;  ///< a name, an IPv4 or (without brackets) an IPv6 address
    std::uint16_t port = 0;
    bool tls = false;
    Proxy proxy{};  ///< none when its host is empty
    /// Picks those of the host's addresses that may be connected to; null: any. Not with a proxy,
    /// which finds the addresses itself.
    std::shared_ptr<const Guard> guard{};

    bool operator==(const Endpoint&) const = default;

    /// The value of the Host header: the port only when it is not the scheme's own.
    std::string host_header() const;
    /// What to put before the path in the request line: "http://host:port" for a plain call through
    /// a proxy, else nothing.
    std::string target_prefix() const;
    /// One text for the whole endpoint, unique: the key of the pool.
    std::string key() const;
};

/// A base URL taken apart: `https://api.example.com/v1` is an endpoint and the path "/v1" (never
/// with a slash at its end). Only http and https; user names, queries and fragments are refused.
struct BaseUrl {
    Endpoint endpoint;
    std::string path;
};
Result<BaseUrl> parse_base_url(std::string_view url);

/// A whole URL taken apart, to be fetched: the endpoint, and what its request line names. Only http
/// and https; user names are refused, a fragment is left out.
struct FetchUrl {
    Endpoint endpoint;
    std::string target;
};
Result<FetchUrl> parse_fetch_url(std::string_view url);

/// Where `location`, told by a redirect of `from`, leads: an absolute URL.
std::string redirected(const FetchUrl& from, std::string_view location);

/// Reads a proxy URL: `http://[user:password@]host[:port]`.
Result<Proxy> parse_proxy(std::string_view url);

/// Proxies as the environment names them.
struct ProxySettings {
    std::string http;      ///< for http targets; empty for none
    std::string https;     ///< for https targets
    std::string no_proxy;  ///< comma separated hosts, ".suffixes", addresses, or "*"

    /// HTTP_PROXY is read in lower case only: a web server would let a client set the other.
    static ProxySettings from_environment();
};

/// Sets `endpoint.proxy` from `settings`, unless NO_PROXY exempts its host.
Result<void> choose_proxy(const ProxySettings& settings, Endpoint& endpoint);

}  // namespace obliv::upstream
