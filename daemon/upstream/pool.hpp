#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/loop/task.hpp"
#include "daemon/upstream/call.hpp"
#include "daemon/upstream/endpoint.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string_view>

namespace obliv::loop {
class Loop;
}

namespace obliv::upstream {

class Tls;
class Resolver;

/// How long one call may take. Zero means no limit.
struct Timeouts {
    std::chrono::milliseconds connect{10'000};      ///< name look-up, TCP, proxy and TLS together
    std::chrono::milliseconds first_byte{120'000};  ///< from the request's last byte to the head
    std::chrono::milliseconds idle{120'000};        ///< between two reads
    std::chrono::milliseconds total{0};             ///< from open() to the last byte
};

struct PoolOptions {
    std::size_t idle_max_per_endpoint = 128;
    std::chrono::milliseconds idle_expiry{60'000};  ///< an idle connection is closed after this
    http::HeadLimits head{65'535, http::Headers::capacity};
};

/// Lets a callback or another coroutine of the same loop end a call, from the moment open() is
/// called with it to the end of the Call.
class Cancel {
public:
    Cancel() = default;
    Cancel(const Cancel&) = delete;
    Cancel& operator=(const Cancel&) = delete;
    ~Cancel();

    void cancel() noexcept;
    bool cancelled() const noexcept { return cancelled_; }

private:
    friend class Pool;
    friend class Connection;
    Connection* connection_ = nullptr;
    bool cancelled_ = false;
};

/// The keep-alive connections of one loop to every endpoint. Touched on that loop only. It outlives
/// its calls.
class Pool {
public:
    /// `tls` and `resolver` are shared by all pools and outlive them.
    Pool(loop::Loop& loop, Tls& tls, Resolver& resolver, const PoolOptions& options);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Sends `request` (a whole HTTP/1.1 request as pieces, valid until this returns) and returns
    /// once the head of the reply has arrived. `method` is the request's, or
    /// http::websocket_method, after which a 101 is a call of next() and send(). A kept connection
    /// that turns out to be dead is replaced once. An https endpoint behind a proxy is reached
    /// through a tunnel; for an http one the request itself must hold Endpoint::target_prefix() in
    /// front of its path, and Proxy-Authorization if the proxy wants it. Failures:
    /// `Code::upstream_failed`, `Code::upstream_timeout`, `Code::cancelled`, each naming the host.
    /// `mapped`: what of the request is a loop::Mapping, which is let go as it is sent.
    loop::Task<Result<Call>> open(const Endpoint& endpoint, std::string_view method,
                                  std::span<const std::string_view> request,
                                  const Timeouts& timeouts, Cancel* cancel = nullptr,
                                  std::string_view mapped = {});

    /// The time of its loop.
    SteadyTime now() const noexcept;
    /// Connections waiting for a call, over all endpoints.
    std::size_t idle() const noexcept;
    /// Connections made since the start: with the number of calls this tells how well reuse works.
    std::uint64_t connected() const noexcept;
    /// Closes every idle connection.
    void clear();

private:
    friend class Call;
    friend class Connection;
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace obliv::upstream
