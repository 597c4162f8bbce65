#pragma once

#include "core/base/result.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/task.hpp"
#include "daemon/server/exchange.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace obliv::server {

/// What one client may take. Read for each connection when it is accepted.
struct Limits {
    http::HeadLimits head;
    std::uint64_t body_bytes_max = 32U << 20;
    std::size_t connections_max = 20'000;  ///< over all loops; more wait in the kernel's queue
    std::chrono::milliseconds head_timeout{10'000};  ///< from its first byte to its last
    std::chrono::milliseconds body_timeout{30'000};  ///< between two reads
    std::uint64_t body_rate_min = 0;  ///< bytes a second, over the whole of a body; zero: any
    std::chrono::milliseconds idle_timeout{75'000};   ///< between two requests
    std::chrono::milliseconds write_timeout{30'000};  ///< without a byte leaving
};

/// How an Error looks on the wire.
struct ErrorReply {
    int status = 500;
    std::string content_type;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers{};
};

class Bodies;

/// What the bytes are for. One per loop, called on that loop only.
class Service {
public:
    virtual ~Service() = default;

    /// Answers one request. An Error before any byte was sent is rendered; after that the
    /// connection is closed, so whoever streams ends the stream in its own words first.
    virtual loop::Task<Result<void>> serve(Exchange& exchange) = 0;
    /// The reply for `error`. Also for requests that could not be parsed: then the head is empty.
    virtual ErrorReply render(const Error& error, const Exchange& exchange) = 0;
    /// The exchange is over: the place for its log line and its metrics. `error` is what serve()
    /// returned or what kept it from being called; null when all went well.
    virtual void ended(const Exchange& exchange, const Error* error);
};

/// The HTTP/1.1 server: one listener and its connections on each loop. Made, told to listen and
/// destroyed on the thread that owns the loops (before they start and after they have ended); the
/// other calls are safe from any thread but the loops'.
class Server {
public:
    /// `services[i]` serves loop i. All of them outlive the server, and so do `bodies`; without
    /// them request bodies are kept in memory, however large.
    Server(loop::Loops& loops, std::vector<Service*> services, const Limits& limits,
           Bodies* bodies = nullptr);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Listens on a numeric address; port 0 takes a free one. Returns the port. A port that anybody
    /// else listens on is refused, although our own loops share it.
    Result<std::uint16_t> listen_tcp(std::string_view address, std::uint16_t port,
                                     std::string name);
    /// Listens on a socket file of mode 0660. A file that nobody listens on any more is replaced.
    Result<void> listen_unix(const std::string& path, std::string name);
    /// Listens on a socket that is already bound and listening (systemd). The caller keeps
    /// `descriptor`; each loop works on a duplicate.
    Result<void> listen_on(int descriptor, std::string name);

    /// Accepts from now on. Once, after the loops have been started.
    void start();
    void set_limits(const Limits& limits);

    /// No new connections; idle ones are closed at once, busy ones after their reply, and those
    /// that have not asked anything yet have a second to do so: behind a listening socket that
    /// outlives us, nobody who was let in sees a reset. Socket files that we made are removed.
    /// Returns when every loop has done so.
    void stop_accepting();
    std::size_t connections() const noexcept;
    /// Exchanges that are being served.
    std::size_t exchanges() const noexcept;
    /// Tells every exchange to end (Exchange::on_client_gone, with stopping() true).
    void cancel_all();
    /// Closes every connection, whatever it is doing.
    void close_all();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace obliv::server
