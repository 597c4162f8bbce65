#pragma once

#include "core/base/clock.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/storage/store.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace obliv::daemon {

/// Whether everything that must not hang still answers: every loop and the database's writer. Each
/// check asks anew and judges by what earlier questions have got; it never waits.
class Pulse {
public:
    Pulse(loop::Loops& loops, loop::BlockingPool& workers, storage::Database& database);

    /// False: somebody has owed an answer for longer than `patience`. An error is an answer.
    bool alive(std::chrono::milliseconds patience);

private:
    struct Beat {
        std::atomic<std::int64_t> asked_ns{0};  ///< 0: nothing is owed
    };
    bool overdue(const std::shared_ptr<Beat>& beat, SteadyTime now,
                 std::chrono::milliseconds patience, const std::function<void()>& ask);

    loop::Loops& loops_;
    loop::BlockingPool& workers_;
    storage::Database& database_;
    std::vector<std::shared_ptr<Beat>> loop_beats_;
    std::shared_ptr<Beat> writer_beat_;
};

}  // namespace obliv::daemon
