#include "daemon/ops/notify.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <ctime>
#include <string>
#include <systemd/sd-daemon.h>

namespace obliv::ops {
namespace {

/// A manager that does not listen is no reason to stop, nor is one that went away.
void send(const std::string& message) {
    static_cast<void>(sd_notify(0, message.c_str()));
}

/// Assignments end at a line end: a status must be one line.
std::string status_line(std::string_view text) {
    auto line = visible(text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return "STATUS=" + line;
}

}  // namespace

void SystemdNotifier::ready(std::string_view status) {
    send("READY=1\n" + status_line(status));
}

void SystemdNotifier::reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    auto micros = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros));
}

void SystemdNotifier::stopping() {
    send("STOPPING=1");
}

void SystemdNotifier::status(std::string_view text) {
    send(status_line(text));
}

void SystemdNotifier::extend_timeout(std::chrono::milliseconds span) {
    send("EXTEND_TIMEOUT_USEC=" + std::to_string(span.count() * 1000));
}

void SystemdNotifier::watchdog_ping() {
    send("WATCHDOG=1");
}

void SystemdNotifier::watchdog_trigger() {
    send("WATCHDOG=trigger");
}

std::optional<std::chrono::milliseconds> SystemdNotifier::watchdog_span() const {
    std::uint64_t micros = 0;
    if (sd_watchdog_enabled(0, &micros) <= 0 || micros == 0)
        return std::nullopt;
    return std::chrono::milliseconds(std::max<std::uint64_t>(1, micros / 1000));
}

}  // namespace obliv::ops
