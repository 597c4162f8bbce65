#pragma once

#include "core/base/result.hpp"
#include "core/loop/run_blocking.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace obliv::loop {
class Loop;
}

namespace obliv::upstream {

/// Where a TCP connection can go.
struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

/// Looks up names on threads of its own, because getaddrinfo blocks and cannot be interrupted.
/// Shared by the pools of all loops; from any thread. Destroyed before the loops.
class Resolver {
public:
    /// The addresses of a name; may block. None: `error` says why.
    using Names =
        std::function<std::vector<Address>(const std::string&, std::uint16_t, std::string& error)>;

    /// `names` is asked on the resolver's threads, getaddrinfo unless given.
    explicit Resolver(Names names = {});

    /// A look-up under way: whoever stops waiting leaves it behind.
    struct Answer {
        std::vector<Address> found;
        std::string error;              ///< why nothing was found
        std::function<void()> on_done;  ///< set and run on the loop; empty: nobody waits
        bool done = false;
    };
    /// Names that callers chose have threads of their own: a name server that never answers them
    /// must not keep providers' names waiting. A look-up that nobody waits for any more is skipped.
    enum class Whose : std::uint8_t { operators, callers };
    std::shared_ptr<Answer> look_up(loop::Loop& loop, const std::string& host, std::uint16_t port,
                                    Whose whose);

    /// `host` as an IPv4 or IPv6 address; nothing if it is a name.
    static std::vector<Address> numeric(const std::string& host, std::uint16_t port);

private:
    const Names names_;
    loop::BlockingPool operators_;
    loop::BlockingPool callers_;
};

}  // namespace obliv::upstream
