#include "core/loop/socket.hpp"

#include "core/loop/loop.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace obliv::loop {
namespace {

Io outcome(ssize_t result) noexcept {
    if (result >= 0)
        return {Io::Status::done, static_cast<std::size_t>(result), 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return {Io::Status::would_block, 0, 0};
    return {Io::Status::failed, 0, errno};
}

// So little is copied into one piece before it is sent: that takes less time than the kernel takes
// for the list of pieces.
constexpr std::size_t together_max = 4096;

constexpr Io nothing_yet{Io::Status::would_block, 0, 0};

}  // namespace

Socket::Socket(Socket&& other) noexcept
    : loop_(other.loop_), watch_(std::exchange(other.watch_, nullptr)),
      descriptor_(std::exchange(other.descriptor_, -1)), shared_(other.shared_) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(watch_, other.watch_);
    std::swap(descriptor_, other.descriptor_);
    std::swap(shared_, other.shared_);
    return *this;
}

bool Socket::watched() noexcept {
    if (watch_ == nullptr && descriptor_ >= 0)
        watch_ = loop_->poller().add(descriptor_);
    return watch_ != nullptr;
}

Io Socket::receive(std::span<char> into) noexcept {
    if (watch_ != nullptr && !watch_->readable)
        return nothing_yet;
    ssize_t got = 0;
    do
        got = ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got == 0 && !into.empty())
        return {Io::Status::eof, 0, 0};
    auto io = outcome(got);
    // A read that did not fill its buffer has emptied the socket: the next bytes are news, and will
    // be told. Unless the end has been told already, which comes only once.
    if (watch_ != nullptr && (io.status == Io::Status::would_block ||
                              (io.done() && io.bytes < into.size() && !watch_->hung_up)))
        watch_->readable = false;
    return io;
}

Io Socket::send(std::span<iovec> parts) noexcept {
    std::size_t size = 0;
    for (const auto& part : parts)
        size += part.iov_len;
    std::array<char, together_max> together;
    if (size > together.size())
        return send_list(parts);
    char* end = together.data();
    for (const auto& part : parts)
        if (part.iov_len > 0)  // an empty part may point nowhere, which memcpy must not see
            end = static_cast<char*>(::mempcpy(end, part.iov_base, part.iov_len));
    return send(std::string_view(together.data(), size));
}

Io Socket::send(std::string_view bytes) noexcept {
    ssize_t sent = 0;
    do
        sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent_of(sent);
}

Io Socket::send_list(std::span<iovec> parts) noexcept {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    ssize_t sent = 0;
    do
        sent = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent_of(sent);
}

Io Socket::sent_of(ssize_t result) noexcept {
    auto io = outcome(result);
    if (watch_ != nullptr && io.status == Io::Status::would_block)
        watch_->writable = false;
    return io;
}

int Socket::accept(sockaddr_storage& address, socklen_t& size) noexcept {
    int descriptor = ::accept4(descriptor_, reinterpret_cast<sockaddr*>(&address), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && watch_ != nullptr)
        watch_->readable = false;
    return descriptor;
}

bool Socket::set_hook(Watch::Hook hook, void* owner) noexcept {
    if (hook == nullptr && watch_ == nullptr)
        return true;
    if (!watched())
        return false;
    watch_->hook = hook;
    watch_->owner = owner;
    return true;
}

void Socket::interrupt() noexcept {
    if (watch_ == nullptr)
        return;
    if (auto* reader = std::exchange(watch_->reader, nullptr))
        loop_->resume_soon(*reader, false);
    if (auto* writer = std::exchange(watch_->writer, nullptr))
        loop_->resume_soon(*writer, false);
}

void Socket::close() noexcept {
    if (descriptor_ < 0)
        return;
    interrupt();
    if (watch_ != nullptr)
        loop_->poller().remove(std::exchange(watch_, nullptr), shared_);
    ::close(std::exchange(descriptor_, -1));
}

bool SocketWait::await_ready() noexcept {
    auto* watch = socket_.watch_;
    if (watch == nullptr) {
        if (!socket_.watched())
            return true;  // not ready: the socket is closed, or the kernel has no room for it
        return false;
    }
    wait_.ready = write_ ? watch->writable : watch->readable;
    return wait_.ready;
}

void SocketWait::await_suspend(std::coroutine_handle<> who) noexcept {
    wait_.who = who;
    (write_ ? socket_.watch_->writer : socket_.watch_->reader) = &wait_;
}

}  // namespace obliv::loop
