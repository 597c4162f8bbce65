#pragma once

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "daemon/upstream/pool.hpp"
#include "daemon/upstream/resolver.hpp"
#include "daemon/upstream/tls.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

struct ssl_st;

namespace obliv::upstream::test {

/// The server's end of one connection, blocking; every wait ends after five seconds.
class Peer {
public:
    explicit Peer(int descriptor, ssl_st* ssl = nullptr) : descriptor_(descriptor), ssl_(ssl) {}
    /// Head and Content-Length body of the next request; empty when the connection has ended.
    std::string request();
    void send(std::string_view bytes);
    /// Waits until the other side has closed.
    bool closed_by_client();
    void reset();  ///< the close that follows will be an RST
    int descriptor() const { return descriptor_; }

private:
    long receive(char* into, std::size_t size);
    int descriptor_;
    ssl_st* ssl_;
    std::string buffer_;
};

/// A scripted upstream on a free loopback port: `script` runs for one connection after the other,
/// which is closed when it returns.
class FakeUpstream {
public:
    using Script = std::function<void(Peer&)>;
    explicit FakeUpstream(Script script, const char* address = "127.0.0.1");
    ~FakeUpstream();

    Endpoint endpoint() const;
    std::uint16_t port() const { return port_; }
    std::atomic<int> connections{0};

private:
    void run();
    Script script_;
    std::string address_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

/// A loop with a pool on it, run by the test's own thread.
struct Rig {
    explicit Rig(const PoolOptions& options = {}, TlsOptions tls_options = {})
        : tls(std::move(tls_options)), pool(loop, tls, resolver, options) {}

    loop::Loop loop{0};
    Tls tls;
    Resolver resolver;
    Pool pool;
};

template <typename T>
loop::Task<Result<void>> keep(loop::Task<Result<T>> work, Result<T>& into) {
    into = co_await std::move(work);
    co_return ok();
}

/// Runs the loop until `work` has ended, for ten seconds at most.
template <typename T>
Result<T> run(loop::Loop& loop, loop::Task<Result<T>> work) {
    Result<T> result;
    auto done = [&loop](const Result<void>&) { loop.stop(); };
    loop::spawn(loop, keep(std::move(work), result), "test", done);
    loop::Timer end(
        loop.timers(), [](void* self) { static_cast<loop::Loop*>(self)->stop(); }, &loop);
    end.arm(loop.now() + std::chrono::seconds(10));
    loop.run();
    return result;
}

/// Lets the loop hear what the kernel has to tell.
loop::Task<Result<int>> turn(loop::Loop& loop);

/// What one call brought.
struct Reply {
    int status = 0;
    std::string body;
    std::string raw;
    int chunks = 0;
    int whole = 0;
    std::string type;
};

/// GET /path: opens, reads to the end, gives the connection back.
loop::Task<Result<Reply>> fetch(Pool& pool, Endpoint endpoint, std::string path,
                                Timeouts timeouts = {}, Cancel* cancel = nullptr);

std::string sized(std::string_view body, std::string_view more = {});

}  // namespace obliv::upstream::test
