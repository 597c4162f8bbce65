#pragma once

#include "core/base/result.hpp"
#include "daemon/ops/service.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace obliv::ops {

using ReloadVerdict = Result<ReloadReport>;

/// Something the main thread has to do.
struct Event {
    enum class Kind : std::uint8_t { none, stop, reload };
    Kind kind = Kind::none;
    /// Of Kind::reload, to be called once with the outcome; empty when it was a signal.
    std::function<void(ReloadVerdict)> answer{};
};

/// What the main thread waits for. A fake plays a script.
class Events {
public:
    virtual ~Events() = default;
    /// The next event, or Kind::none after `at_most`.
    virtual Event wait(std::chrono::milliseconds at_most) = 0;
    /// Refuses what is asked from now on, and what waits.
    virtual void close() noexcept = 0;
};

/// SIGTERM and SIGINT (stop), SIGHUP (reload) and what other threads ask for. At most one lives in
/// a process, made before any other thread: it blocks those signals for the threads to come.
class ProcessEvents final : public Events {
public:
    ProcessEvents();
    ~ProcessEvents() override;
    ProcessEvents(const ProcessEvents&) = delete;
    ProcessEvents& operator=(const ProcessEvents&) = delete;

    Event wait(std::chrono::milliseconds at_most) override;
    void close() noexcept override;

    /// Asks for a stop, as SIGTERM does. Safe from any thread; returns at once.
    void request_stop();
    /// Asks for a reload and waits for the verdict, at most 30 s. Safe from any thread but the main
    /// one.
    ReloadVerdict request_reload();

private:
    struct Queue;
    std::shared_ptr<Queue> queue_;
    int signals_;
};

}  // namespace obliv::ops
