#pragma once

#include "core/base/result.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/loop/timer_wheel.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace obliv::daemon {

/// Does something small every so often, on a worker: never twice at once, and not while the daemon
/// is so busy that no worker takes it.
class Upkeep {
public:
    /// `step` may block; what it fails with is logged as `what`, at most now and then.
    Upkeep(loop::Loop& loop, loop::BlockingPool& workers, std::string what,
           std::function<Result<void>()> step,
           std::chrono::milliseconds interval = std::chrono::seconds(1));

    /// From any thread; the first step comes an interval later.
    void start();

private:
    static void ring(void* self);
    void run();

    loop::Loop& loop_;
    loop::BlockingPool& workers_;
    std::string what_;
    std::function<Result<void>()> step_;
    std::chrono::milliseconds interval_;
    loop::Timer timer_;  // the loop's
};

}  // namespace obliv::daemon
