#pragma once

#include "core/base/result.hpp"
#include "daemon/notices/notice.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace obliv::notices {

/// How an outlet goes on after a failure.
struct Patience {
    int attempts = 10;
    std::chrono::milliseconds pause_first{1000};  ///< doubled each time
    std::chrono::milliseconds pause_last{300'000};
    std::size_t waiting_max = 1000;
};

/// One receiver of notices and the thread that waits for it, so that a slow one holds up nobody
/// else. What it cannot deliver is logged and counted.
class Outlet {
public:
    /// Delivers one notice; blocks. An error is worth a repeat, whatever it is: a receiver that is
    /// set up wrongly today is mended tomorrow.
    using Deliver = std::function<Result<void>(const Notice&)>;

    Outlet(std::string name, Deliver deliver, Patience patience);
    ~Outlet();  // as stop()
    Outlet(const Outlet&) = delete;
    Outlet& operator=(const Outlet&) = delete;

    /// Queues a notice; never waits for the receiver. Any thread. A full queue refuses it.
    void put(const Notice& notice);
    /// The first half of stop(): does not wait.
    void end_soon();
    /// Ends the thread after the delivery that is under way; what still waits is lost, and logged.
    /// Idempotent.
    void stop();
    /// One attempt, here and now, outside the queue. Blocks.
    Result<void> deliver_now(const Notice& notice) { return deliver_(notice); }

    const std::string& name() const noexcept { return name_; }
    struct Stats {
        std::int64_t delivered = 0;
        std::int64_t failures = 0;  ///< attempts that failed
        std::int64_t lost = 0;      ///< notices that were given up
        std::size_t waiting = 0;
    };
    Stats stats() const;

private:
    struct Waiting {
        Notice notice;
        std::chrono::steady_clock::time_point due;
        int attempts = 0;
    };
    void run();
    std::list<Waiting>::iterator next_due();
    void ended(std::list<Waiting>& taken, const Result<void>& done);
    void lose(const Notice& notice, std::string_view why);

    std::string name_;
    Deliver deliver_;
    Patience patience_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    // Guarded by mutex_.
    std::list<Waiting> waiting_;
    Stats stats_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace obliv::notices
