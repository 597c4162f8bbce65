#include "core/client/endpoint.hpp"

#include "core/base/text.hpp"

#include <sys/stat.h>

namespace obliv::client {
namespace {

constexpr std::string_view system_socket = "/run/oblivd/oblivd.sock";

Error bad_endpoint(std::string_view text, std::string_view why) {
    auto error = fail(Code::usage, "expected http://HOST, https://HOST or unix:PATH, got '" +
                                       std::string(text) + "': " + std::string(why));
    error.param = "server";
    return error;
}

std::string_view after_scheme(std::string_view url) noexcept {
    return url.substr(url.find("://") + 3);
}

Result<Endpoint> parse_socket(std::string_view text) {
    auto path = text.substr(5);
    if (path.starts_with("//"))
        path.remove_prefix(2);
    if (path.empty())
        return bad_endpoint(text, "the path of the socket is missing");
    Endpoint endpoint;
    endpoint.base_url = "http://localhost";
    endpoint.socket_path = path;
    endpoint.text = "unix:" + std::string(path);
    return endpoint;
}

Result<void> check_address(std::string_view text) {
    auto rest = after_scheme(text);
    auto host = rest.substr(0, rest.find('/'));
    if (host.find('@') != std::string_view::npos) {
        // Not repeated in the message: what stands before the @ is a secret.
        auto error = fail(Code::usage, "an address holds no user name or password");
        error.hint = "give the key by --key-file, --key-stdin, `obliv login` or OBLIV_TOKEN";
        error.param = "server";
        return error;
    }
    if (host.empty() || host.starts_with(':'))
        return bad_endpoint(text, "the host is missing");
    for (char c : rest)
        if (static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#' || c == 0x7F)
            return bad_endpoint(visible(text), "spaces, '?' and '#' have no place in it");
    return ok();
}

}  // namespace

bool Endpoint::has_path() const noexcept {
    return after_scheme(base_url).find('/') != std::string_view::npos;
}

std::string Endpoint::management_url(std::string_view path) const {
    std::string_view base = base_url;
    if (has_path() && base.ends_with("/v1"))
        base.remove_suffix(3);
    return std::string(base) + std::string(path);
}

std::string Endpoint::openai_url(std::string_view path) const {
    return base_url + (has_path() ? "" : "/v1") + std::string(path);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    if (text.starts_with("unix:"))
        return parse_socket(text);
    if (!text.starts_with("http://") && !text.starts_with("https://"))
        return bad_endpoint(text, "the scheme is none of these");
    if (auto good = check_address(text); !good)
        return good.error();
    Endpoint endpoint;
    endpoint.base_url = text;
    while (endpoint.base_url.ends_with('/'))
        endpoint.base_url.pop_back();
    endpoint.text = endpoint.base_url;
    return endpoint;
}

std::vector<std::string> local_sockets(const Environment& environment) {
    std::vector<std::string> paths;
    auto home = environment("HOME");
    if (auto runtime = environment("XDG_RUNTIME_DIR"); runtime.starts_with('/'))
        paths.push_back(runtime + "/oblivd/oblivd.sock");
    else if (auto data = environment("XDG_DATA_HOME"); data.starts_with('/'))
        paths.push_back(data + "/oblivd/oblivd.sock");
    else if (home.starts_with('/'))
        paths.push_back(home + "/.local/share/oblivd/oblivd.sock");
    paths.emplace_back(system_socket);
    return paths;
}

Result<Endpoint> local_endpoint(const Environment& environment) {
    auto paths = local_sockets(environment);
    std::string tried;
    for (const auto& path : paths) {
        struct stat facts {};
        if (::stat(path.c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode))
            return parse_endpoint("unix:" + path);
        tried += (tried.empty() ? "" : " or ") + path;
    }
    auto error = fail(Code::unavailable, "no oblivd runs here: there is no socket at " + tried);
    error.hint = "start one with `oblivd run`, or name a server with --server URL";
    return error;
}

}  // namespace obliv::client
