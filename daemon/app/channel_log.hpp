#pragma once

#include "core/loop/run_blocking.hpp"
#include "core/storage/store.hpp"
#include "daemon/channels/events.hpp"

#include <functional>
#include <mutex>
#include <vector>

namespace obliv::daemon {

/// Keeps the history of the channels: each event is a line of the log at once and a row soon after.
/// Whoever notifies people listens here.
class ChannelLog final : public channels::EventSink {
public:
    /// Told of every event, on a worker, after it was stored.
    using Listener = std::function<void(const channels::Event&)>;

    ChannelLog(storage::Database& database, loop::BlockingPool& workers)
        : database_(database), workers_(workers) {}

    /// Before the loops run.
    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

    void happened(const channels::Event& event) override;

private:
    struct Noted {
        channels::Event event;
        WallTime time;
    };
    void store();

    storage::Database& database_;
    loop::BlockingPool& workers_;
    std::vector<Listener> listeners_;
    std::mutex mutex_;
    std::vector<Noted> waiting_;  ///< guarded by mutex_; bounded
};

}  // namespace obliv::daemon
