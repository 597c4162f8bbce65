#pragma once

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace obliv::fetch {

// The rare calls of the daemon to others than providers. Each blocks until it is done or its time
// is over: for threads that may. Redirects are not followed.

struct Post {
    std::string url;  ///< http or https; never shown in an error: secrets may stand in it
    std::string body;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers{};
    std::chrono::milliseconds timeout{10'000};
};
struct Reply {
    int status = 0;
    std::string body;  ///< its first 64 KiB
};
/// unavailable: no connection, or it broke · timeout.
Result<Reply> post(const Post& post);

struct Mail {
    std::string server;  ///< `smtp://host:port`, or `smtps://` for TLS from the first byte
    std::string user;    ///< empty: no login
    Secret password;
    std::string from;
    std::vector<std::string> to;
    std::string message;  ///< headers and body, lines ended by CRLF
    std::chrono::milliseconds timeout{10'000};
};
/// Over `smtp://` TLS is begun where the server offers it, and a password goes to a server on
/// another machine only under TLS.
Result<void> send(const Mail& mail);

}  // namespace obliv::fetch
