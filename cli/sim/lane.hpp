#pragma once

#include "cli/sim/options.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/socket.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace obliv::sim {

class Connection;

/// What all loops of one simulator share. Read only, but for the count.
struct Shared {
    Options options;
    std::string models_body;
    std::atomic<std::uint64_t> calls{0};  ///< chat completions so far: the numbers of the plans
};

/// One loop's listener and connections. Used on the loop's thread, but for making and destroying,
/// which happen before it starts and after it has ended.
class Lane {
public:
    /// `listener` is a listening, non-blocking socket, which becomes the lane's.
    Lane(loop::Loop& loop, std::shared_ptr<Shared> shared, int listener);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    loop::Loop& loop() noexcept { return loop_; }
    Shared& shared() noexcept { return *shared_; }
    /// An empty string to build a reply in, used up before its user returns.
    std::string& scratch() noexcept {
        scratch_.clear();
        return scratch_;
    }
    /// Destroys the connection, once whoever runs in it now has returned.
    void drop(Connection& connection);

private:
    void accept_some();

    loop::Loop& loop_;
    std::shared_ptr<Shared> shared_;
    loop::Socket listener_;
    loop::Timer retry_;
    std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
    std::string scratch_;
};

}  // namespace obliv::sim
