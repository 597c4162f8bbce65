#pragma once

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "daemon/ops/passed_sockets.hpp"
#include "daemon/ops/service.hpp"

#include <functional>
#include <memory>

namespace obliv::daemon {

/// Builds every part of the daemon once, in order, and takes them down in reverse.
class App final : public ops::Service {
public:
    /// What is given at the start and never changes.
    struct Options {
        ops::PassedSockets sockets;
        /// Reads the configuration again and takes it over as SIGHUP does, for
        /// `POST /api/v1/system/reload`. Waits for the verdict: not to be called on a loop.
        std::function<Result<ops::ReloadReport>()> request_reload;
        /// Starts what SIGTERM starts, for `POST /api/v1/system/drain`. Returns at once; safe from
        /// any thread.
        std::function<void()> request_stop;
    };

    /// Checks what can be checked without side effects beyond the state folder. `config_invalid`
    /// and `conflict` (address in use, lock held) decide the exit code.
    static Result<std::unique_ptr<App>> create(const config::Config& config, Options options);
    ~App() override;

    Result<void> start() override;
    Result<ops::ReloadReport> reload(const config::Config& config) override;
    void drain() override;
    bool drained() const override;
    void stop() override;
    ops::Status status() const override;
    bool healthy() override;

private:
    struct Parts;
    explicit App(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace obliv::daemon
