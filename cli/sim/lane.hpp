#pragma once

#include "cli/sim/options.hpp"
#include "core/loop/loop.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace obliv::sim {

/// What all loops of one simulator share. Read only, but for the count.
struct Shared {
    Options options;
    std::string models_body;
    std::atomic<std::uint64_t> calls{0};  ///< chat completions so far: the numbers of the plans
};

/// What the connections of one loop share: its listener, and a wheel whose ticks are fine enough
/// for the gaps between tokens. Lives as long as any handler of its loop; used on its thread only.
class Lane : public std::enable_shared_from_this<Lane> {
public:
    static constexpr std::chrono::milliseconds tick{1};

    /// `listener` is a listening, non-blocking socket, which becomes the lane's.
    Lane(loop::Loop& loop, std::shared_ptr<Shared> shared, int listener, bool v6);

    void accept();

    loop::Loop& loop() noexcept { return loop_; }
    loop::TimerWheel& wheel() noexcept { return wheel_; }
    Shared& shared() noexcept { return *shared_; }
    /// An empty string to build a reply in, used up before its user returns.
    std::string& scratch() noexcept {
        scratch_.clear();
        return scratch_;
    }

private:
    void keep_ticking();
    void accept_later();

    loop::Loop& loop_;
    std::shared_ptr<Shared> shared_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer ticker_;
    boost::asio::steady_timer retry_;
    loop::TimerWheel wheel_;
    std::string scratch_;
    bool ticking_ = false;
};

}  // namespace obliv::sim
