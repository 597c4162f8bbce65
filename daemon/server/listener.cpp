#include "daemon/server/listener.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace obliv::server {
namespace {

// The kernel cuts it down to net.core.somaxconn.
constexpr int backlog = 4096;

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
    int family() const noexcept { return storage.ss_family; }
};

Error from_errno(std::string what) {
    int number = errno;
    auto code = number == EADDRINUSE ? Code::conflict : Code::io;
    return fail(code, std::move(what) + ": " + std::strerror(number));
}

Result<Address> numeric_address(std::string_view text, std::uint16_t port) {
    Address address;
    std::string name(text);
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, name.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&address.storage, &v4, sizeof v4);
        address.size = sizeof v4;
    } else if (inet_pton(AF_INET6, name.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&address.storage, &v6, sizeof v6);
        address.size = sizeof v6;
    } else {
        return fail(Code::config_invalid, "\"" + name + "\" is not an IPv4 or IPv6 address");
    }
    return address;
}

Result<Descriptor> open_socket(int family) {
    Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0)
        return from_errno("cannot make a socket");
    return socket;
}

bool turn_on(int descriptor, int level, int option) noexcept {
    int one = 1;
    return ::setsockopt(descriptor, level, option, &one, sizeof one) == 0;
}

std::uint16_t port_of(int descriptor) noexcept {
    Address bound;
    bound.size = sizeof bound.storage;
    if (::getsockname(descriptor, bound.get(), &bound.size) != 0)
        return 0;
    if (bound.family() == AF_INET6)
        return ntohs(reinterpret_cast<sockaddr_in6*>(&bound.storage)->sin6_port);
    return ntohs(reinterpret_cast<sockaddr_in*>(&bound.storage)->sin_port);
}

/// Binds one socket of a group. The first is bound without SO_REUSEPORT, which fails when another
/// daemon has the port, and only then lets the others of its group join.
Result<Descriptor> bind_one(Address& address, bool first, const std::string& where) {
    auto socket = open_socket(address.family());
    if (!socket)
        return socket;
    int descriptor = socket->get();
    // Connections of a daemon that has just ended linger in TIME_WAIT and must not keep us out.
    if (!turn_on(descriptor, SOL_SOCKET, SO_REUSEADDR) ||
        (address.family() == AF_INET6 && !turn_on(descriptor, IPPROTO_IPV6, IPV6_V6ONLY)) ||
        (!first && !turn_on(descriptor, SOL_SOCKET, SO_REUSEPORT)) ||
        ::bind(descriptor, address.get(), address.size) != 0 ||
        (first && !turn_on(descriptor, SOL_SOCKET, SO_REUSEPORT)))
        return from_errno("cannot listen on " + where);
    return socket;
}

/// Whether anybody answers at a socket file.
bool somebody_listens(const sockaddr_un& address) noexcept {
    Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (probe.get() < 0)
        return true;  // unknown: better to refuse than to take a live socket away
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return true;
    return errno != ECONNREFUSED && errno != ENOENT;
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0)
        ::close(number_);
}

Result<TcpListeners> bind_tcp(std::string_view text, std::uint16_t port, std::size_t count) {
    auto address = numeric_address(text, port);
    if (!address)
        return address.error();
    auto where = std::string(text) + " port " + std::to_string(port);
    TcpListeners listeners;
    for (std::size_t i = 0; i < count; ++i) {
        auto socket = bind_one(*address, i == 0, where);
        if (!socket)
            return socket.error();
        if (i == 0) {
            listeners.port = port_of(socket->get());
            address = numeric_address(text, listeners.port);
        }
        listeners.sockets.push_back(std::move(*socket));
    }
    for (auto& socket : listeners.sockets)
        if (::listen(socket.get(), backlog) != 0)
            return from_errno("cannot listen on " + where);
    return listeners;
}

Result<Descriptor> bind_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(Code::config_invalid,
                    "the socket path \"" + path + "\" is empty or longer than " +
                        std::to_string(sizeof address.sun_path - 1) + " bytes");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    struct stat found {};
    if (::lstat(path.c_str(), &found) == 0) {
        if (!S_ISSOCK(found.st_mode))
            return fail(Code::conflict, path + " exists and is no socket");
        if (somebody_listens(address))
            return fail(Code::conflict, "another program listens on " + path);
        ::unlink(path.c_str());
    }
    auto socket = open_socket(AF_UNIX);
    if (!socket)
        return socket;
    if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return from_errno("cannot listen on " + path);
    // Nobody can connect before listen(), so there is no moment with the wrong mode.
    if (::chmod(path.c_str(), 0660) != 0 || ::listen(socket->get(), backlog) != 0) {
        auto error = from_errno("cannot listen on " + path);
        ::unlink(path.c_str());
        return error;
    }
    return socket;
}

Result<Descriptor> duplicate(int descriptor) {
    Descriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
    if (copy.get() < 0)
        return from_errno("cannot duplicate a listening descriptor");
    return copy;
}

}  // namespace obliv::server
