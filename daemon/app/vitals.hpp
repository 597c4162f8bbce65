#pragma once

#include "daemon/app/lane.hpp"
#include "daemon/metrics/metrics.hpp"
#include "daemon/server/server.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace obliv::daemon {

class NoticeDesk;

/// What the daemon tells of itself: readiness and the gauges of /metrics. Any thread.
class LiveVitals final : public Vitals {
public:
    struct Parts {
        storage::Database& database;
        billing::Books& books;
        Publisher& publisher;
        metrics::Metrics& metrics;
        loop::BlockingPool& workers;
        const cache::AnswerCache& answers;
        const NoticeDesk& notices;
        const std::atomic<bool>& draining;
        WallTime started_at;
    };
    explicit LiveVitals(const Parts& parts) : parts_(parts) {}
    /// Before the loops run.
    void attach(const server::Server* server, const std::vector<std::unique_ptr<Lane>>* lanes);

    std::string not_ready() const override;
    std::string exposition() const override;
    std::int64_t requests_in_flight() const;

private:
    void add_channels(std::vector<metrics::Gauge>& out) const;
    void add_quota(std::vector<metrics::Gauge>& out) const;
    void add_cache(std::vector<metrics::Gauge>& out) const;
    void add_notices(std::vector<metrics::Gauge>& out) const;
    void add_queues(std::vector<metrics::Gauge>& out) const;

    Parts parts_;
    const server::Server* server_ = nullptr;
    const std::vector<std::unique_ptr<Lane>>* lanes_ = nullptr;
};

/// Whether calls can be sent to a channel of the table; a table without channels can serve too:
/// that is a state, not a fault.
bool any_usable(const channels::ChannelTable& table);

}  // namespace obliv::daemon
