#include "cli/sim/server.hpp"

#include "cli/sim/lane.hpp"
#include "cli/sim/reply.hpp"
#include "core/config/endpoint.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace obliv::sim {
namespace {

/// A descriptor that closes itself until someone takes it.
class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (number_ >= 0)
            ::close(number_);
    }
    int get() const noexcept { return number_; }
    int take() noexcept { return std::exchange(number_, -1); }

private:
    int number_;
};

Error socket_error(const config::Endpoint& endpoint, int number) {
    auto code = number == EADDRINUSE ? Code::conflict : Code::io;
    return fail(code, "cannot listen on " + endpoint.text() + ": " + std::strerror(number));
}

union Address {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

Result<Descriptor> open_listener(config::Endpoint& endpoint) {
    Descriptor socket(::socket(endpoint.v6() ? AF_INET6 : AF_INET,
                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    Address address{};
    socklen_t size = endpoint.v6() ? sizeof address.v6 : sizeof address.v4;
    if (endpoint.v6()) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(endpoint.port);
        ::inet_pton(AF_INET6, endpoint.host.c_str(), &address.v6.sin6_addr);
    } else {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(endpoint.port);
        ::inet_pton(AF_INET, endpoint.host.c_str(), &address.v4.sin_addr);
    }
    const int on = 1;
    if (socket.get() < 0 ||
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(socket.get(), &address.any, size) != 0 || ::listen(socket.get(), 4096) != 0 ||
        ::getsockname(socket.get(), &address.any, &size) != 0)
        return socket_error(endpoint, errno);
    endpoint.port = ntohs(endpoint.v6() ? address.v6.sin6_port : address.v4.sin_port);
    return socket;
}

}  // namespace

struct Server::Parts {
    explicit Parts(std::size_t threads) : loops(threads) {}

    std::string address;
    loop::Loops loops;
    std::vector<std::unique_ptr<Lane>> lanes;
};

Result<std::unique_ptr<Server>> Server::start(const Options& options) {
    if (auto fit = check_options(options); !fit)
        return fit.error();
    auto endpoint = config::Endpoint::parse(options.listen);
    if (!endpoint)
        return endpoint.error();
    auto listener = open_listener(*endpoint);
    if (!listener)
        return listener.error();
    auto shared = std::make_shared<Shared>();
    shared->options = options;
    shared->models_body = models_body(options);
    auto parts = std::make_unique<Parts>(options.threads);
    parts->address = endpoint->text();
    auto& loops = parts->loops;
    for (std::size_t i = 0; i < loops.size(); ++i) {
        // One socket for all loops, rather than SO_REUSEPORT: the port stays ours alone.
        Descriptor copy(::fcntl(listener->get(), F_DUPFD_CLOEXEC, 0));
        if (copy.get() < 0)
            return socket_error(*endpoint, errno);
        parts->lanes.push_back(std::make_unique<Lane>(loops[i], shared, copy.take()));
    }
    loops.start();
    return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
    parts_->loops.stop();
    parts_->loops.join();
}

const std::string& Server::address() const noexcept {
    return parts_->address;
}

}  // namespace obliv::sim
