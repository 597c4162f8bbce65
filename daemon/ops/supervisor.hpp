#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "daemon/ops/events.hpp"
#include "daemon/ops/notify.hpp"
#include "daemon/ops/service.hpp"

#include <functional>
#include <optional>
#include <string>

namespace obliv::ops {

/// The life of the process, on its main thread: starts the service, tells the service manager,
/// reloads, watches, drains and stops.
class Supervisor {
public:
    struct Parts {
        Service& service;
        Notifier& notifier;
        Events& events;
        const Clock& clock;
        /// Reads the configuration again.
        std::function<Result<config::Config>()> load;
    };

    /// `config` is what the service was made from.
    Supervisor(Parts parts, config::Config config);

    /// Until a stop was asked for and has been carried out. An error is one of the start.
    Result<void> run();

private:
    void serve();
    void drain();
    void tick();
    void watch();
    Result<ReloadReport> reload();
    void handle_reload(const Event& event);
    std::chrono::milliseconds pause() const;

    Parts parts_;
    const config::Config started_;  ///< what needs-restart is measured against
    config::Config current_;
    std::string complaint_;  ///< why the last reload failed; empty when it did not
    std::string status_;     ///< last sent
    std::optional<std::chrono::milliseconds> watchdog_pause_;
    SteadyTime next_status_{};
    SteadyTime next_ping_{};
    int sick_checks_ = 0;
};

/// `3 requests in flight, channels: 2 up, 1 down`.
std::string status_text(const Status& status);

}  // namespace obliv::ops
