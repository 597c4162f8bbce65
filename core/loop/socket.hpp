#pragma once

#include "core/loop/poller.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

namespace obliv::loop {

class Loop;

/// What a system call that must not block had to say.
struct Io {
    enum class Status : unsigned char { done, would_block, eof, failed };
    Status status = Status::failed;
    std::size_t bytes = 0;
    int error = 0;  ///< errno of `failed`

    bool done() const noexcept { return status == Status::done; }
};

/// A non-blocking stream socket on a loop, TCP or Unix. Belongs to the loop's thread, but for its
/// making. It remembers what the kernel has said: a read that would find nothing costs no system
/// call, and neither does the wait for the next bytes.
class Socket {
public:
    explicit Socket(Loop& loop) noexcept : loop_(&loop) {}
    /// Takes the descriptor over. `shared`: other processes or loops hold copies of it.
    Socket(Loop& loop, int descriptor, bool shared = false) noexcept
        : loop_(&loop), descriptor_(descriptor), shared_(shared) {}
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }

    bool is_open() const noexcept { return descriptor_ >= 0; }
    int descriptor() const noexcept { return descriptor_; }
    Loop& loop() const noexcept { return *loop_; }

    /// One recv. It never blocks and never raises a signal.
    Io receive(std::span<char> into) noexcept;
    /// One system call for all `parts` together. It may take a part of them only.
    Io send(std::span<iovec> parts) noexcept;
    Io send(std::string_view bytes) noexcept;
    /// One accept4; -1: errno tells why there is none.
    int accept(sockaddr_storage& address, socklen_t& size) noexcept;
    /// Nothing is there to be read, as far as has been heard: neither bytes nor an end. True for a
    /// connection that rests as it should.
    bool quiet() const noexcept { return watch_ != nullptr && !watch_->readable; }

    /// `hook(owner)` runs, on the loop, for all news: bytes, an end, room. A coroutine that waits
    /// for them goes on first. Null forgets it. False when the kernel cannot watch one more socket.
    bool set_hook(Watch::Hook hook, void* owner) noexcept;
    /// Makes pending waits end, not ready.
    void interrupt() noexcept;
    /// The same, and closes.
    void close() noexcept;

private:
    friend class SocketWait;

    bool watched() noexcept;
    Io send_list(std::span<iovec> parts) noexcept;
    Io sent_of(ssize_t result) noexcept;

    Loop* loop_;
    Watch* watch_ = nullptr;
    int descriptor_ = -1;
    bool shared_ = false;
};

/// `co_await readable(socket)` and `co_await writable(socket)`: true when there may be something to
/// read or room to write, false when the wait was interrupted or the socket closed. At most one of
/// each kind at a time.
class SocketWait {
public:
    SocketWait(Socket& socket, bool write) noexcept : socket_(socket), write_(write) {}

    bool await_ready() noexcept;
    void await_suspend(std::coroutine_handle<> who) noexcept;
    bool await_resume() const noexcept { return wait_.ready; }

private:
    Socket& socket_;
    Wait wait_;
    bool write_;
};

inline SocketWait readable(Socket& socket) noexcept {
    return {socket, false};
}
inline SocketWait writable(Socket& socket) noexcept {
    return {socket, true};
}

}  // namespace obliv::loop
