#include "cli/sim/lane.hpp"

#include "cli/sim/connection.hpp"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace obliv::sim {
namespace {

constexpr std::chrono::milliseconds retry_gap{100};

}  // namespace

Lane::Lane(loop::Loop& loop, std::shared_ptr<Shared> shared, int listener)
    : loop_(loop), shared_(std::move(shared)), listener_(loop, listener, true),
      retry_(
          loop.timers(), [](void* self) { static_cast<Lane*>(self)->accept_some(); }, this) {
    listener_.set_hook([](void* self) { static_cast<Lane*>(self)->accept_some(); }, this);
}

Lane::~Lane() = default;

void Lane::accept_some() {
    while (!listener_.quiet()) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        int descriptor = listener_.accept(address, size);
        if (descriptor < 0) {
            // Out of descriptors, as a rule: trying again at once would only burn the CPU.
            if (!listener_.quiet() && errno != ECONNABORTED && errno != EINTR)
                return retry_.arm(loop_.now() + retry_gap);
            continue;
        }
        int one = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        auto made = std::make_unique<Connection>(*this, loop::Socket(loop_, descriptor));
        auto* connection = made.get();
        connections_.emplace(connection, std::move(made));
        connection->start();
    }
}

void Lane::drop(Connection& connection) {
    loop_.post([this, dropped = &connection] { connections_.erase(dropped); });
}

}  // namespace obliv::sim
