#include "core/loop/socket_io.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace obliv::loop {
namespace {

Io outcome(ssize_t result) noexcept {
    if (result >= 0)
        return {Io::Status::done, static_cast<std::size_t>(result), 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return {Io::Status::would_block, 0, 0};
    return {Io::Status::failed, 0, errno};
}

}  // namespace

Io receive_now(int descriptor, std::span<char> into, int flags) noexcept {
    ssize_t got = 0;
    do
        got = ::recv(descriptor, into.data(), into.size(), flags | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return {Io::Status::eof, 0, 0};
    return outcome(got);
}

Io send_now(int descriptor, std::span<iovec> parts) noexcept {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    ssize_t sent = 0;
    do
        sent = ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return outcome(sent);
}

}  // namespace obliv::loop
