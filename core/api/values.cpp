#include "core/api/values.hpp"

#include "core/base/encoding.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace obliv::api {
namespace {

using std::string_view;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
bool is_alnum(char c) noexcept {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}
bool is_name_byte(char c) noexcept {
    return is_alnum(c) || c == '.' || c == '_' || c == '-';
}

Error bad_url(string_view url, string_view why) {
    return fail(Code::invalid_request, "expected a URL such as https://api.example.com/v1, got '" +
                                           visible(url.substr(0, 200)) + "': " + std::string(why));
}

bool is_host(string_view host) noexcept {
    if (host.starts_with('[')) {
        auto inside = host.substr(1, host.size() < 2 ? 0 : host.size() - 2);
        return host.ends_with(']') && inside.find(':') != string_view::npos &&
               std::all_of(inside.begin(), inside.end(),
                           [](char c) { return is_alnum(c) || c == ':' || c == '.'; });
    }
    return !host.empty() && host.size() <= 253 &&
           std::all_of(host.begin(), host.end(), is_name_byte);
}

bool is_port(string_view port) noexcept {
    auto number = parse_int(port);
    return number && *number >= 1 && *number <= 65535 && is_digit(port.front());
}

/// Of the scheme at the start, `ws` and `wss` being WebSockets; 0 if it is none that we speak.
std::size_t scheme_length(string_view url) noexcept {
    for (string_view scheme : {string_view("http://"), string_view("https://"),
                               string_view("ws://"), string_view("wss://")})
        if (equal_ignoring_case(url.substr(0, scheme.size()), scheme))
            return scheme.size();
    return 0;
}

/// What is wrong with `host` or `host:port`; nothing if all is well.
string_view wrong_with_authority(string_view authority) noexcept {
    if (authority.find('@') != string_view::npos)
        return "it must not contain a user or a password";
    auto colon = authority.rfind(':');
    bool has_port = colon != string_view::npos && authority.find(']', colon) == string_view::npos;
    if (has_port && !is_port(authority.substr(colon + 1)))
        return "its port is not a number from 1 to 65535";
    if (!is_host(has_port ? authority.substr(0, colon) : authority))
        return "its host name is missing or malformed";
    return {};
}

Error bad_cursor() {
    auto error = fail(Code::invalid_request,
                      "this cursor is not of this list; give next_cursor as it was answered");
    error.param = "cursor";
    return error;
}

}  // namespace

Result<void> check_name(string_view name) {
    if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), is_name_byte))
        return fail(Code::invalid_request,
                    "a name has 1 to 64 letters, digits, dots, underscores and hyphens, got '" +
                        visible(name.substr(0, 80)) + "'");
    if (std::all_of(name.begin(), name.end(), is_digit))
        return fail(Code::invalid_request,
                    "a name of digits only would be taken for an id: add a letter");
    if (name == "." || name == "..")
        return fail(Code::invalid_request, "'" + std::string(name) + "' cannot be a name");
    return ok();
}

Result<void> check_url(string_view url) {
    if (url.size() > 2048)
        return bad_url(url, "it is longer than 2048 bytes");
    if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7F'; }))
        return bad_url(url, "it contains a space, a control byte or a byte that is not ASCII");
    auto scheme = scheme_length(url);
    if (scheme == 0)
        return bad_url(url, "it does not begin with http:// or https:// (or wss:// where a "
                            "provider is asked over a WebSocket)");
    auto rest = url.substr(scheme);
    if (rest.find_first_of("?#") != string_view::npos)
        return bad_url(url, "it must not have a query or a fragment");
    if (auto wrong = wrong_with_authority(rest.substr(0, rest.find('/'))); !wrong.empty())
        return bad_url(url, wrong);
    return ok();
}

std::string make_text_cursor(string_view list, string_view after) {
    return std::string(list) + "." + to_hex(as_bytes(after));
}

Result<std::string> parse_text_cursor(string_view list, string_view cursor) {
    auto dot = cursor.find('.');
    if (dot != string_view::npos && cursor.substr(0, dot) == list)
        if (auto after = from_hex(cursor.substr(dot + 1)); after && !first_invalid_utf8(*after))
            return *std::move(after);
    return bad_cursor();
}

std::string make_cursor(string_view list, std::int64_t after) {
    return std::string(list) + "." + std::to_string(after);
}

Result<std::int64_t> parse_cursor(string_view list, string_view cursor) {
    auto dot = cursor.find('.');
    auto after = dot == string_view::npos ? std::nullopt : parse_int(cursor.substr(dot + 1));
    if (!after || *after < 0 || cursor.substr(0, dot) != list)
        return bad_cursor();
    return *after;
}

}  // namespace obliv::api
