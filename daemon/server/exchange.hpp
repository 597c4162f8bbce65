#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/http/head.hpp"
#include "core/loop/task.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace obliv::loop {
class Loop;
}

namespace obliv::server {

/// Who is at the other end.
struct Peer {
    std::string address;        ///< "127.0.0.1", "::1"; "unix" for a local socket
    std::string_view listener;  ///< the name its listener was given
    bool is_unix = false;
    uid_t uid = static_cast<uid_t>(-1);  ///< Unix only, as the kernel vouches for it
    pid_t pid = 0;                       ///< Unix only
};

/// Bytes to send, in one piece or in several. Views: what they show must live until the call that
/// takes them has returned.
class Pieces {
public:
    Pieces() = default;
    Pieces(std::string_view one) noexcept : one_(one) {}
    Pieces(const char* one) noexcept : one_(one) {}
    Pieces(const std::string& one) noexcept : one_(one) {}
    Pieces(std::span<const std::string_view> many) noexcept : many_(many), is_many_(true) {}

    std::span<const std::string_view> view() const noexcept {
        return is_many_ ? many_ : std::span<const std::string_view>(&one_, 1);
    }

private:
    std::string_view one_;
    std::span<const std::string_view> many_;
    bool is_many_ = false;
};

/// What keeps the client of an event stream, and whatever stands between, from taking silence for
/// the end.
struct Pulse {
    std::string_view beat;                 ///< an event that says nothing; lives as long as this
    std::chrono::milliseconds every{0};    ///< of silence; zero: never
    void (*begin)(void* owner) = nullptr;  ///< calls start(), should that not have been done yet
};

/// One request and its reply. Lives on one loop, as long as Service::serve runs for it. Views it
/// gives out stay valid until release_request(). Reply calls come in this order: either reply(), or
/// start(), any number of writes, finish(). A write that fails means the client is gone or too
/// slow: return the error, nothing more can be sent.
class Exchange {
public:
    virtual ~Exchange() = default;

    // The request.
    virtual const http::RequestHead& request() const = 0;
    /// What the request asks to have done. HEAD asks for what GET does (RFC 9110 §9.3.2), and no
    /// handler need know: the connection leaves the body out.
    std::string_view method() const {
        auto method = request().method;
        return method == "HEAD" ? std::string_view("GET") : method;
    }
    /// False: nobody will see the body of the reply, and what is dear to get need not be got.
    bool wants_body() const { return request().method != "HEAD"; }
    std::string_view path() const { return request().path; }  ///< still percent-encoded
    virtual const Peer& peer() const = 0;
    virtual std::string_view request_id() const = 0;  ///< valid to the end of the exchange
    virtual SteadyTime arrived() const = 0;           ///< when the first byte had been read
    virtual loop::Loop& loop() = 0;

    /// The whole body, decoded, in one piece, with at least 64 readable bytes behind it. Empty when
    /// there is none. Over the limit is `Code::payload_too_large`, and
    /// `Code::overloaded` says that others have the place for it. Call it once.
    virtual loop::Task<Result<std::string_view>> read_body() = 0;
    /// Of the body, once it was read, what lies in a file: all or nothing. loop::let_go() may be
    /// called with it.
    virtual std::string_view mapped_body() const { return {}; }
    /// Gives the memory of head and body back: request(), path() and the body are gone, so copy
    /// what the end of the exchange needs. A stream that idles should own no buffer.
    virtual void release_request() = 0;
    /// Gives only the body back, where it has memory of its own.
    virtual void release_body() = 0;

    // The reply.
    /// Queues the head; it leaves together with the first bytes of the body. Without `length` the
    /// body is chunked (for an HTTP/1.0 client: ended by closing). `headers` must not frame the
    /// body; lines with control bytes are dropped.
    virtual void start(int status, std::string_view content_type,
                       std::span<const http::Header> headers,
                       std::optional<std::uint64_t> length = std::nullopt) = 0;
    /// Sends payload: one chunk, one system call.
    virtual loop::Task<Result<void>> write(Pieces payload) = 0;
    /// Sends whole chunks as an upstream framed them (never the last, empty one).
    virtual loop::Task<Result<void>> write_framed(std::string_view chunks) = 0;
    /// Sends the last payload and what ends the reply, in one system call.
    virtual loop::Task<Result<void>> finish(Pieces payload = {}) = 0;
    /// A whole reply in one call.
    virtual loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                           std::span<const http::Header> headers,
                                           std::string_view body) = 0;

    /// From now on a beat goes out whenever nothing has been sent for as long as `pulse` says, also
    /// before the reply has been started, and in between two writes; null: no more. It costs
    /// nothing while bytes flow. Both outlive the exchange or are taken back.
    virtual void set_pulse(const Pulse* pulse, void* owner) = 0;

    // Another protocol in place of a reply.
    /// Sends the head of a 101 with `headers`: from here on the connection is two streams of bytes,
    /// of receive() and send_raw(), each for one coroutine at a time. When serve() returns, it is
    /// closed. Only a connection can do this; all else is `unsupported`.
    virtual loop::Task<Result<void>> upgrade(std::span<const http::Header> headers);
    /// What the client sends next; empty: it has closed its side, or stop_receiving() was called.
    /// Valid until the next call.
    virtual loop::Task<Result<std::string_view>> receive();
    virtual loop::Task<Result<void>> send_raw(std::string_view bytes);
    /// Ends a receive() that waits, and every later one.
    virtual void stop_receiving() {}

    virtual bool replied() const = 0;              ///< a byte of the reply has been sent
    virtual bool finished() const = 0;             ///< the reply is whole
    virtual int status() const = 0;                ///< of the reply; 0 before there is one
    virtual std::uint64_t bytes_sent() const = 0;  ///< head included

    // The end that comes too early.
    /// `gone` runs once, on the loop, when the client has hung up (seen within about 0.1 s, and
    /// only while serve() runs) or when the server ends its exchanges; an empty function forgets
    /// it. It is meant to cancel what serve() waits for, not to reply.
    virtual void on_client_gone(std::function<void()> gone) = 0;
    virtual bool client_gone() const = 0;
    /// The server is ending its exchanges: finish in a few bytes.
    virtual bool stopping() const = 0;
};

}  // namespace obliv::server
