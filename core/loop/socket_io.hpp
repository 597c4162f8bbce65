#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <sys/uio.h>

namespace obliv::loop {

/// TCP and Unix sockets as one class. Includes Asio's sockets: for transport .cpp files only.
using Socket = boost::asio::generic::stream_protocol::socket;

/// What a system call that must not block had to say.
struct Io {
    enum class Status : unsigned char { done, would_block, eof, failed };
    Status status = Status::failed;
    std::size_t bytes = 0;
    int error = 0;  ///< errno of `failed`

    bool done() const noexcept { return status == Status::done; }
};

/// One recv. `flags` as in recv(2); it never blocks and never raises a signal.
Io receive_now(int descriptor, std::span<char> into, int flags = 0) noexcept;

/// One sendmsg of all `parts` together.
Io send_now(int descriptor, std::span<iovec> parts) noexcept;

/// Waits that cost no coroutine frame: `co_await readable(socket)` gives a tuple of one error code.
/// One epoll_ctl each, which asks for readiness anew: an end of stream that came with the last
/// bytes is seen.
inline auto readable(Socket& socket) {
    return socket.async_wait(Socket::wait_read, boost::asio::as_tuple(boost::asio::deferred));
}
inline auto writable(Socket& socket) {
    return socket.async_wait(Socket::wait_write, boost::asio::as_tuple(boost::asio::deferred));
}
/// Makes a pending wait end with operation_aborted.
inline void interrupt(Socket& socket) noexcept {
    boost::system::error_code ignored;
    socket.cancel(ignored);
}
inline void close(Socket& socket) noexcept {
    boost::system::error_code ignored;
    socket.close(ignored);
}

}  // namespace obliv::loop
