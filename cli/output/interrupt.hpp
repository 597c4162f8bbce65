#pragma once

#include "core/base/result.hpp"

#include <atomic>
#include <chrono>

namespace obliv::cli {

/// SIGINT and SIGTERM as a flag and a descriptor that every wait also looks at, so that the program
/// tidies up and still stops within a moment. SIGPIPE is ignored: Sink turns a closed pipe into the
/// right end. One per program; the handlers stay until it ends.
class InterruptSource {
public:
    static InterruptSource& install();

    const std::atomic<bool>& flag() const noexcept;
    int descriptor() const noexcept;
    /// 130 for SIGINT, 143 for SIGTERM.
    int exit_code() const noexcept;
    /// Forgets an interrupt: chat does when it has stopped a reply.
    void clear() noexcept;
    /// `cancelled` when interrupted before the time is over.
    Result<void> sleep(std::chrono::milliseconds span) const;
    /// Waits until `descriptor` can be read; `cancelled` when interrupted before.
    Result<void> wait_readable(int descriptor) const;

private:
    InterruptSource() = default;
};

}  // namespace obliv::cli
