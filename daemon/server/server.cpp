#include "daemon/server/server.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/loop/event.hpp"
#include "core/loop/spawn.hpp"
#include "core/loop/yield.hpp"
#include "daemon/server/connection.hpp"
#include "daemon/server/listener.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace obliv::server {
namespace {

// Connections taken per wake-up: enough to amortise the wait, few enough that a flood of new
// clients does not starve those that are being served.
constexpr int accepts_per_turn = 32;
// How long a listener rests when there are no descriptors, or no room under the limit.
constexpr auto accept_pause = std::chrono::milliseconds(100);

/// One listening socket of one loop.
struct Listener {
    Listener(Hub& on, loop::Socket by, std::string_view named)
        : hub(on), socket(std::move(by)), rest(on.loop), name(named) {}

    Hub& hub;
    loop::Socket socket;
    loop::Event rest;  ///< notified when it is closed
    std::string_view name;
};

Peer peer_of(int descriptor, const sockaddr_storage& address, std::string_view listener) {
    Peer peer;
    peer.listener = listener;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        peer.address = text.data();
    } else if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
        peer.address = text.data();
    } else {
        peer.is_unix = true;
        peer.address = "unix";
        ucred who{};
        socklen_t size = sizeof who;
        // When this fails the peer keeps the uid of nobody in particular, which opens no door.
        if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) {
            peer.uid = who.uid;
            peer.pid = who.pid;
        }
    }
    return peer;
}

enum class Accepted { connection, none, exhausted, broken };

Accepted accept_one(Listener& listener) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    int descriptor = listener.socket.accept(address, size);
    if (descriptor < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return Accepted::exhausted;
        // Everything else is the fate of one connection, but for a listener that was closed.
        return errno == EBADF || errno == EINVAL ? Accepted::broken : Accepted::none;
    }
    if (address.ss_family != AF_UNIX) {
        int one = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    auto& hub = listener.hub;
    auto connection = std::make_unique<Connection>(hub, loop::Socket(hub.loop, descriptor),
                                                   peer_of(descriptor, address, listener.name));
    loop::spawn(hub.loop, Connection::run(std::move(connection)), "connection");
    return Accepted::connection;
}

/// True when the listener has to rest.
bool accept_some(Listener& listener) {
    auto& hub = listener.hub;
    for (int i = 0; i < accepts_per_turn; ++i) {
        if (hub.counters.connections.load(std::memory_order_relaxed) >=
            hub.limits.connections_max) {
            log::write_limited(log::Level::warning, "connections_max",
                               "the limit of connections is reached; new ones wait");
            return true;
        }
        switch (accept_one(listener)) {
        case Accepted::connection:
            break;
        case Accepted::none:
            return false;
        case Accepted::exhausted:
            log::write_limited(log::Level::warning, "accept_failed",
                               "cannot take a connection; new ones wait",
                               {{"error", std::strerror(errno)}});
            return true;
        case Accepted::broken:
            return true;
        }
    }
    return false;
}

loop::Task<Result<void>> accept_all(Listener& listener) {
    while (!listener.hub.draining) {
        bool ready = co_await loop::readable(listener.socket);
        if (!ready || listener.hub.draining)
            break;
        if (!accept_some(listener)) {
            // Those still waiting get their turn behind the connections that are being served.
            if (!listener.socket.quiet())
                co_await loop::yield(listener.hub.loop);
            continue;
        }
        auto end = listener.hub.loop.now() + accept_pause;
        bool closed = co_await listener.rest.until(end);
        if (closed)
            break;
    }
    co_return ok();
}

}  // namespace

struct Server::Parts {
    explicit Parts(loop::Loops& on) : loops(on) {}

    Result<void> add(std::size_t index, Descriptor descriptor, std::string_view name);
    std::string_view keep(std::string name) { return names.emplace_back(std::move(name)); }

    loop::Loops& loops;
    Counters counters;
    std::vector<std::unique_ptr<Hub>> hubs;
    std::vector<std::vector<std::unique_ptr<Listener>>> listeners;  // by loop, touched there
    std::list<std::string> names;
    std::vector<std::string> socket_files;
};

Result<void> Server::Parts::add(std::size_t index, Descriptor descriptor, std::string_view name) {
    int family = 0;
    socklen_t size = sizeof family;
    if (::getsockopt(descriptor.get(), SOL_SOCKET, SO_DOMAIN, &family, &size) != 0)
        return fail(Code::config_invalid, "a descriptor to listen on is not a socket");
    int listening = 0;
    size = sizeof listening;
    if (::getsockopt(descriptor.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
        listening == 0)
        return fail(Code::config_invalid, "a descriptor to listen on is not listening");
    auto& hub = *hubs[index];
    int flags = ::fcntl(descriptor.get(), F_GETFL);
    if (flags < 0 || ::fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return fail(Code::io, std::string("cannot listen: ") + std::strerror(errno));
    // The other loops hold copies of it, and so may whoever passed it.
    loop::Socket socket(hub.loop, descriptor.release(), true);
    listeners[index].push_back(std::make_unique<Listener>(hub, std::move(socket), name));
    return ok();
}

void Service::ended(const Exchange&, const Error*) {}

Server::Server(loop::Loops& loops, std::vector<Service*> services, const Limits& limits,
               Bodies* bodies)
    : parts_(std::make_unique<Parts>(loops)) {
    check(services.size() == loops.size(), "every loop has its service");

    for (std::size_t i = 0; i < loops.size(); ++i) {
        std::uint64_t seed = 0;
        std::array<std::uint8_t, sizeof seed> bytes{};
        random_bytes(bytes);
        std::memcpy(&seed, bytes.data(), sizeof seed);
        parts_->hubs.push_back(
            std::make_unique<Hub>(loops[i], *services[i], limits, parts_->counters, bodies, seed));
    }
    parts_->listeners.resize(loops.size());
}

Server::~Server() {
    for (const auto& path : parts_->socket_files)
        ::unlink(path.c_str());
}

Result<std::uint16_t> Server::listen_tcp(std::string_view address, std::uint16_t port,
                                         std::string name) {
    auto bound = bind_tcp(address, port, parts_->loops.size());
    if (!bound)
        return bound.error();
    auto kept = parts_->keep(std::move(name));
    for (std::size_t i = 0; i < bound->sockets.size(); ++i)
        if (auto added = parts_->add(i, std::move(bound->sockets[i]), kept); !added)
            return added.error();
    return bound->port;
}

Result<void> Server::listen_unix(const std::string& path, std::string name) {
    auto bound = bind_unix(path);
    if (!bound)
        return bound.error();
    parts_->socket_files.push_back(path);
    return listen_on(bound->get(), std::move(name));
}

Result<void> Server::listen_on(int descriptor, std::string name) {
    auto kept = parts_->keep(std::move(name));
    for (std::size_t i = 0; i < parts_->loops.size(); ++i) {
        auto copy = duplicate(descriptor);
        if (!copy)
            return copy.error();
        if (auto added = parts_->add(i, std::move(*copy), kept); !added)
            return added;
    }
    return ok();
}

void Server::start() {
    parts_->loops.on_each([this](loop::Loop& loop) {
        for (auto& listener : parts_->listeners[loop.index()])
            loop::spawn(loop, accept_all(*listener), "listener");
    });
}

void Server::set_limits(const Limits& limits) {
    parts_->loops.on_each(
        [this, &limits](loop::Loop& loop) { parts_->hubs[loop.index()]->limits = limits; });
}

void Server::stop_accepting() {
    for (const auto& path : parts_->socket_files)
        ::unlink(path.c_str());
    parts_->socket_files.clear();
    parts_->loops.on_each([this](loop::Loop& loop) {
        auto& hub = *parts_->hubs[loop.index()];
        hub.draining = true;
        for (auto& listener : parts_->listeners[loop.index()]) {
            listener->socket.close();
            listener->rest.notify();
        }
        for (auto* each = hub.connections; each != nullptr; each = each->next())
            each->close_if_idle();
    });
}

std::size_t Server::connections() const noexcept {
    return parts_->counters.connections.load(std::memory_order_relaxed);
}

std::size_t Server::exchanges() const noexcept {
    return parts_->counters.exchanges.load(std::memory_order_relaxed);
}

void Server::cancel_all() {
    parts_->loops.on_each([this](loop::Loop& loop) {
        for (auto* each = parts_->hubs[loop.index()]->connections; each != nullptr;
             each = each->next())
            each->end_exchange();
    });
}

void Server::close_all() {
    parts_->loops.on_each([this](loop::Loop& loop) {
        for (auto* each = parts_->hubs[loop.index()]->connections; each != nullptr;
             each = each->next())
            each->close_now();
    });
}

}  // namespace obliv::server
