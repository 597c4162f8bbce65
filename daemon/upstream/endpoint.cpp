#include "daemon/upstream/endpoint.hpp"

#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/http/uri.hpp"

#include <algorithm>
#include <cstdlib>

namespace obliv::upstream {
namespace {

/// A URL up to its path. `rest` begins with '/', '?' or '#', or is empty.
struct UrlParts {
    std::string_view scheme;
    std::string_view user_info;
    std::string_view host;
    std::string_view port;
    std::string_view rest;
};

Error bad_url(std::string_view url, std::string_view what) {
    // A URL may hold a password: what is in front of an '@' is never shown.
    auto at = url.rfind('@');
    auto shown = at == std::string_view::npos ? url : url.substr(at + 1);
    return fail(Code::invalid_request, "\"" + std::string(shown) + "\": " + std::string(what));
}

/// Takes `HOST[:PORT]` apart; an IPv6 address stands in brackets.
Result<void> split_authority(std::string_view url, std::string_view authority, UrlParts& parts) {
    std::string_view forbidden = " \t\r\n\"<>\\^`{|}:";
    if (authority.starts_with('[')) {
        forbidden.remove_suffix(1);
        auto close = authority.find(']');
        if (close == std::string_view::npos)
            return bad_url(url, "the ] of an IPv6 address is missing");
        parts.host = authority.substr(1, close - 1);
        authority.remove_prefix(close + 1);
        if (!authority.empty() && authority[0] != ':')
            return bad_url(url, "a port follows an IPv6 address after ':'");
    } else {
        parts.host = authority.substr(0, authority.rfind(':'));
        authority.remove_prefix(parts.host.size());
    }
    parts.port = authority.substr(authority.empty() ? 0 : 1);
    if (parts.host.empty() || parts.host.find_first_of(forbidden) != std::string_view::npos)
        return bad_url(url, "the host is missing or malformed");
    return ok();
}

Result<UrlParts> split_url(std::string_view url) {
    UrlParts parts;
    auto scheme = url.find("://");
    if (scheme == std::string_view::npos)
        return bad_url(url, "a URL begins with http:// or https://");
    parts.scheme = url.substr(0, scheme);
    auto authority = url.substr(scheme + 3);
    auto end = std::min(authority.find_first_of("/?#"), authority.size());
    parts.rest = authority.substr(end);
    authority = authority.substr(0, end);
    if (auto at = authority.rfind('@'); at != std::string_view::npos) {
        parts.user_info = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    if (auto split = split_authority(url, authority, parts); !split)
        return split.error();
    return parts;
}

Result<std::uint16_t> port_of(std::string_view url, std::string_view text, std::uint16_t standard) {
    if (text.empty())
        return standard;
    auto number = parse_int(text);
    if (!number || *number < 1 || *number > 65535)
        return bad_url(url, "the port is not a number from 1 to 65535");
    return static_cast<std::uint16_t>(*number);
}

/// What may not stand in a request as it is.
bool is_unsafe(char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte >= 0x7f;
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string either(const char* first, const char* second) {
    auto value = variable(first);
    return value.empty() ? variable(second) : value;
}

/// The host or domain that an entry of NO_PROXY names, without what it may be written with.
std::string_view exempt_name(std::string_view entry) {
    if (auto colon = entry.rfind(':'); colon != std::string_view::npos && entry.find(':') == colon)
        entry = entry.substr(0, colon);  // a port is allowed and ignored
    if (entry.starts_with('[') && entry.ends_with(']'))
        entry = entry.substr(1, entry.size() - 2);
    if (entry.starts_with("*."))
        entry.remove_prefix(1);
    if (entry.starts_with('.'))
        entry.remove_prefix(1);
    return entry;
}

/// Whether one entry of NO_PROXY names `host`: itself, or a domain it is in.
bool exempts(std::string_view entry, std::string_view host) {
    if (entry == "*")
        return true;
    auto name = exempt_name(entry);
    if (name.empty())
        return false;
    if (equal_ignoring_case(host, name))
        return true;
    return host.size() > name.size() + 1 && host[host.size() - name.size() - 1] == '.' &&
           equal_ignoring_case(host.substr(host.size() - name.size()), name);
}

}  // namespace

std::string Endpoint::host_header() const {
    auto text = bracketed(host);
    if (port != (tls ? 443 : 80))
        text += ":" + std::to_string(port);
    return text;
}

std::string Endpoint::target_prefix() const {
    return tls || proxy.host.empty() ? std::string() : "http://" + host_header();
}

std::string Endpoint::key() const {
    auto text = (tls ? "https://" : "http://") + bracketed(host) + ":" + std::to_string(port);
    if (guard)
        text += " guarded " + std::to_string(reinterpret_cast<std::uintptr_t>(guard.get()));
    if (!proxy.host.empty())
        text += " by " + bracketed(proxy.host) + ":" + std::to_string(proxy.port) + " " +
                proxy.authorization;
    return text;
}

Result<BaseUrl> parse_base_url(std::string_view url) {
    auto parts = split_url(url);
    if (!parts)
        return parts.error();
    BaseUrl base;
    base.endpoint.tls = equal_ignoring_case(parts->scheme, "https");
    if (!base.endpoint.tls && !equal_ignoring_case(parts->scheme, "http"))
        return bad_url(url, "only http and https are understood");
    if (!parts->user_info.empty())
        return bad_url(url, "a base URL holds no user name; the key belongs to the channel");
    if (parts->rest.find_first_of("?# \t\r\n") != std::string_view::npos)
        return bad_url(url, "a base URL has no query, no fragment and no spaces");
    auto port = port_of(url, parts->port, base.endpoint.tls ? 443 : 80);
    if (!port)
        return port.error();
    base.endpoint.port = *port;
    base.endpoint.host = lowered(parts->host);
    auto path = parts->rest;
    while (path.ends_with('/'))
        path.remove_suffix(1);
    base.path = std::string(path);
    return base;
}

namespace {

/// Path and query as they are sent, without a fragment.
std::string target_of(std::string_view rest) {
    auto target = rest.substr(0, rest.find('#'));
    std::string out = target.starts_with('/') ? "" : "/";
    for (char c : target)
        out += is_unsafe(c) ? http::percent_encode(std::string_view(&c, 1)) : std::string(1, c);
    return out;
}

}  // namespace

Result<FetchUrl> parse_fetch_url(std::string_view url) {
    auto parts = split_url(url);
    if (!parts)
        return parts.error();
    FetchUrl out;
    auto& endpoint = out.endpoint;
    endpoint.tls = equal_ignoring_case(parts->scheme, "https");
    if (!endpoint.tls && !equal_ignoring_case(parts->scheme, "http"))
        return bad_url(url, "only http and https are fetched");
    if (!parts->user_info.empty())
        return bad_url(url, "a URL with a user name is not fetched");
    auto port = port_of(url, parts->port, endpoint.tls ? 443 : 80);
    if (!port)
        return port.error();
    endpoint.port = *port;
    endpoint.host = lowered(parts->host);
    if (std::any_of(endpoint.host.begin(), endpoint.host.end(), is_unsafe))
        return bad_url(url, "the host is malformed");
    out.target = target_of(parts->rest);
    return out;
}

std::string redirected(const FetchUrl& from, std::string_view location) {
    if (location.find("://") < location.find_first_of("/?#"))
        return std::string(location);
    std::string scheme = from.endpoint.tls ? "https:" : "http:";
    if (location.starts_with("//"))
        return scheme + std::string(location);
    auto origin =
        scheme + "//" + bracketed(from.endpoint.host) + ":" + std::to_string(from.endpoint.port);
    if (location.starts_with('/'))
        return origin + std::string(location);
    auto path = from.target.substr(0, from.target.find('?'));
    if (!location.starts_with('?'))
        path.erase(path.rfind('/') + 1);
    return origin + path + std::string(location);
}

Result<Proxy> parse_proxy(std::string_view url) {
    std::string with_scheme(url);
    if (url.find("://") == std::string_view::npos)
        with_scheme.insert(0, "http://");
    auto parts = split_url(with_scheme);
    if (!parts)
        return parts.error();
    if (!equal_ignoring_case(parts->scheme, "http"))
        return bad_url(url, "only http:// proxies are understood");
    auto port = port_of(url, parts->port, 80);
    if (!port)
        return port.error();
    Proxy proxy{lowered(parts->host), *port};
    if (!parts->user_info.empty()) {
        auto decoded = http::percent_decode(parts->user_info);
        if (!decoded)
            return bad_url(url, "the user name or password is not percent-encoded");
        proxy.authorization = "Basic " + to_base64(*decoded);
    }
    return proxy;
}

ProxySettings ProxySettings::from_environment() {
    ProxySettings settings;
    settings.http = variable("http_proxy");
    settings.https = either("https_proxy", "HTTPS_PROXY");
    settings.no_proxy = either("no_proxy", "NO_PROXY");
    auto all = either("all_proxy", "ALL_PROXY");
    if (settings.http.empty())
        settings.http = all;
    if (settings.https.empty())
        settings.https = all;
    return settings;
}

Result<void> choose_proxy(const ProxySettings& settings, Endpoint& endpoint) {
    const auto& url = endpoint.tls ? settings.https : settings.http;
    endpoint.proxy = Proxy{};
    if (url.empty())
        return ok();
    for (auto entry : split(settings.no_proxy, ','))
        if (exempts(trim(entry), endpoint.host))
            return ok();
    auto proxy = parse_proxy(url);
    if (!proxy)
        return proxy.error();
    endpoint.proxy = std::move(*proxy);
    return ok();
}

}  // namespace obliv::upstream
