#pragma once

#include "core/base/result.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/loop/wall_timer.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace obliv::daemon {

/// Has the prices published again when one that was set ahead comes into force. Waits on a loop,
/// publishes on a worker.
class PriceAlarm {
public:
    /// `publish` reads the store, so it blocks; after an error it is asked again in `retry`.
    PriceAlarm(loop::Loop& loop, loop::BlockingPool& workers, std::function<Result<void>()> publish,
               std::chrono::milliseconds retry = std::chrono::seconds(1));

    /// When to publish next; nothing: no price lies ahead. From any thread.
    void set(std::optional<WallTime> next);

private:
    static void ring(void* self);
    void publish();
    void try_again();

    loop::Loop& loop_;
    loop::BlockingPool& workers_;
    std::function<Result<void>()> publish_;
    std::chrono::milliseconds retry_;
    loop::WallTimer timer_;  // the loop's
};

}  // namespace obliv::daemon
