#pragma once

#include "core/base/result.hpp"
#include "core/loop/socket.hpp"

#include <memory>
#include <span>
#include <string>

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace obliv::upstream {

struct FreeSsl {
    void operator()(ssl_st* ssl) const noexcept;
};
struct FreeSession {
    void operator()(ssl_session_st* session) const noexcept;
};
using Session = std::unique_ptr<ssl_session_st, FreeSession>;

/// A socket with or without TLS on it, as calls that never block. `want_write` of a result tells
/// what a TLS call that would block waits for.
class Wire {
public:
    struct Step : loop::Io {
        bool want_write = false;
    };

    explicit Wire(loop::Socket socket) noexcept : socket_(std::move(socket)) {}
    Wire(const Wire&) = delete;  // TLS points at the socket
    Wire& operator=(const Wire&) = delete;

    loop::Socket& socket() noexcept { return socket_; }
    bool is_tls() const noexcept { return ssl_ != nullptr; }

    Step receive(std::span<char> into) noexcept;
    Step send(std::span<iovec> parts) noexcept;
    /// Bytes have left the socket that receive() has not given out yet: do not wait for more.
    bool has_buffered() const noexcept;

    /// Puts TLS on the connected socket: the name to verify and, if there is one, a session to
    /// resume. Then handshake() until it is done.
    Result<void> start_tls(ssl_ctx_st* context, const std::string& host, ssl_session_st* resume);
    Step handshake() noexcept;
    /// The last session that the server has given us; null if none.
    Session take_session() noexcept;
    bool session_resumed() const noexcept;
    /// Why TLS failed, for people; clears the thread's error queue.
    std::string tls_reason() const;

private:
    Step outcome(int result) noexcept;

    loop::Socket socket_;
    std::unique_ptr<ssl_st, FreeSsl> ssl_;
};

}  // namespace obliv::upstream
