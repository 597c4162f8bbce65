#pragma once

#include "cli/sim/options.hpp"

#include <memory>
#include <string>

namespace obliv::sim {

/// A running simulator: its threads serve from start() until it is destroyed, which ends every
/// reply under way at once.
class Server {
public:
    /// An address in use is `Code::conflict`.
    static Result<std::unique_ptr<Server>> start(const Options& options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// `127.0.0.1:8080`: what is listened on, its port no longer zero.
    const std::string& address() const noexcept;

private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

}  // namespace obliv::sim
