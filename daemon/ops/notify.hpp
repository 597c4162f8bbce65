#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace obliv::ops {

/// What the daemon tells its service manager over $NOTIFY_SOCKET. Every call does nothing when
/// there is none. Main thread only.
class Notifier {
public:
    virtual ~Notifier() = default;
    virtual void ready(std::string_view status) = 0;
    virtual void reloading() = 0;  ///< with the monotonic time, in one datagram
    virtual void stopping() = 0;
    virtual void status(std::string_view text) = 0;
    /// Asks for `span` more, from now, before a stop counts as hung.
    virtual void extend_timeout(std::chrono::milliseconds span) = 0;
    virtual void watchdog_ping() = 0;
    virtual void watchdog_trigger() = 0;  ///< asks to be killed and started again
    /// How often the manager wants to hear a ping ($WATCHDOG_USEC); nothing: never.
    virtual std::optional<std::chrono::milliseconds> watchdog_span() const = 0;
};

/// systemd's protocol, through libsystemd.
class SystemdNotifier final : public Notifier {
public:
    void ready(std::string_view status) override;
    void reloading() override;
    void stopping() override;
    void status(std::string_view text) override;
    void extend_timeout(std::chrono::milliseconds span) override;
    void watchdog_ping() override;
    void watchdog_trigger() override;
    std::optional<std::chrono::milliseconds> watchdog_span() const override;
};

}  // namespace obliv::ops
