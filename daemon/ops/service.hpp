#pragma once

#include "core/base/result.hpp"
#include "core/config/config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace obliv::ops {

/// How the daemon is doing, in numbers, for `STATUS=`.
struct Status {
    std::int64_t requests_in_flight = 0;
    std::int64_t channels_up = 0;
    std::int64_t channels_down = 0;
};

/// What a reload that worked leaves undone: settings that wait for the next start.
struct ReloadReport {
    std::vector<std::string> needs_restart;
};

/// The running daemon as the main thread sees it. All calls come from the main thread; none blocks
/// for longer than a second or two, except `start` and `stop`.
class Service {
public:
    virtual ~Service() = default;
    /// Returns once requests are served, or with what prevents it; then `stop` is not called.
    virtual Result<void> start() = 0;
    /// Takes over `config`, all of it or nothing.
    virtual Result<ReloadReport> reload(const config::Config& config) = 0;
    /// Begins a graceful stop: accepts nothing new, closes what idles, lets streams end.
    virtual void drain() = 0;
    virtual bool drained() const = 0;
    /// Ends what still runs, settles, writes everything to the disk. Afterwards nothing runs.
    virtual void stop() = 0;
    virtual Status status() const = 0;
    /// Whether every loop and the database writer have answered lately. False is a deadlock, not a
    /// sick disk: an error is an answer.
    virtual bool healthy() = 0;
};

}  // namespace obliv::ops
