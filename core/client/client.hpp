#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/client/endpoint.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::client {

/// One call. `url` is complete (Endpoint makes it).
struct Request {
    std::string method = "GET";
    std::string url;
    std::string body{};  ///< JSON, or empty for none
    std::string accept = "application/json";
    std::vector<std::pair<std::string, std::string>> headers{};  ///< besides
    std::string
        key_header{};        ///< carries the credential; empty: `Authorization`, as a bearer token
    bool repeatable = true;  ///< may be sent again after an answer of 502 or 504, which leave open
                             ///< whether it took effect
};

/// A reply: all of it, or its head while the body is still coming in.
struct Response {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};

    bool ok() const noexcept { return status >= 200 && status < 300; }
    std::string_view header(std::string_view name) const noexcept;  ///< empty when absent
};

/// How a person stops a call: the flag says that they did, the descriptor becomes readable so that
/// a wait ends at once.
struct Interrupt {
    const std::atomic<bool>* requested = nullptr;
    int descriptor = -1;
};

struct Options {
    Endpoint endpoint;
    Secret credential{};  ///< sent as a bearer token; empty for none
    std::string user_agent = "obliv";
    Deadline deadline = Deadline::never();             ///< over all tries
    std::chrono::milliseconds connect_limit{10'000};   ///< one try to connect
    std::chrono::milliseconds silence_limit{300'000};  ///< nothing received for so long
    int tries_max = 4;
    Interrupt interrupt{};
    std::function<void(std::string_view)> note{};   ///< one line when a call is tried again
    std::function<void(std::string_view)> trace{};  ///< heads of requests and replies, redacted
};

/// The blocking HTTP client of `obliv`. Connection failures, 429 and 502 to 504 are tried again
/// until the first byte of a good reply has been handed out. Redirects are not followed: a
/// credential goes only where the person sent it. One thread.
class Client {
public:
    /// Takes one piece of a good reply's body; false ends the call.
    using Sink = std::function<bool(const Response& head, std::string_view bytes)>;

    explicit Client(Options options);

    /// The whole reply, whatever its status. An Error only when there is none.
    Result<Response> send(const Request& request);
    /// Hands a 2xx body to `sink` as it arrives; other bodies end up in the Response.
    Result<Response> stream(const Request& request, const Sink& sink);

    const Endpoint& endpoint() const noexcept { return options_.endpoint; }
    /// What the latest reply said about itself, for error reports.
    int last_status() const noexcept { return last_status_; }
    const std::string& last_request_id() const noexcept { return last_request_id_; }

private:
    Result<void> wait(std::chrono::milliseconds pause, std::string_view why, int next_try);

    Options options_;
    int last_status_ = 0;
    std::string last_request_id_;
};

/// What a reply outside 2xx means: the code that its JSON names, else the one its status implies.
/// Understands the management form and the OpenAI form.
Error error_from(const Response& response);

}  // namespace obliv::client
