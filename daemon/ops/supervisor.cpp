#include "daemon/ops/supervisor.hpp"

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/config/load.hpp"

#include <algorithm>
#include <utility>

namespace obliv::ops {
namespace {

using namespace std::chrono_literals;

constexpr auto status_pause = 5s;
constexpr auto drain_pause = 100ms;
// Asked for again long before it has passed, so that one lost datagram does no harm.
constexpr auto extension = 30s;
// One bad answer may be a busy machine; the second, half a watchdog span later, is a deadlock.
constexpr int sick_checks_max = 2;

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names)
        out += (out.empty() ? "" : ", ") + name;
    return out;
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

/// One line for each problem: a log line has no line ends.
void log_problems(const std::string& message) {
    for (auto line : split(message, '\n'))
        log::write(log::Level::err, "reload failed, old settings stay: " + std::string(line));
}

}  // namespace

std::string status_text(const Status& status) {
    return std::to_string(status.requests_in_flight) +
           " requests in flight, channels: " + std::to_string(status.channels_up) + " up, " +
           std::to_string(status.channels_down) + " down";
}

Supervisor::Supervisor(Parts parts, config::Config config)
    : parts_(std::move(parts)), started_(config), current_(std::move(config)) {
    if (auto span = parts_.notifier.watchdog_span())
        watchdog_pause_ = *span / 2;
}

Result<void> Supervisor::run() {
    if (auto started = parts_.service.start(); !started)
        return started.error();
    status_ = status_text(parts_.service.status());
    parts_.notifier.ready(status_);
    log::write(log::Level::notice, "ready");
    serve();
    drain();
    parts_.events.close();
    parts_.notifier.extend_timeout(extension);
    parts_.service.stop();
    log::write(log::Level::notice, "stopped");
    return ok();
}

void Supervisor::serve() {
    while (true) {
        auto event = parts_.events.wait(pause());
        if (event.kind == Event::Kind::stop)
            return;
        if (event.kind == Event::Kind::reload)
            handle_reload(event);
        tick();
    }
}

void Supervisor::drain() {
    auto deadline = Deadline::after(parts_.clock, current_.server.drain_timeout);
    log::write(log::Level::notice, "stopping",
               {{"in_flight", parts_.service.status().requests_in_flight}});
    parts_.notifier.stopping();
    parts_.service.drain();
    auto extend_at = parts_.clock.steady();
    while (!parts_.service.drained() && !deadline.passed(parts_.clock.steady())) {
        if (parts_.clock.steady() >= extend_at) {
            parts_.notifier.extend_timeout(extension);
            extend_at = parts_.clock.steady() + extension / 6;
        }
        auto event = parts_.events.wait(drain_pause);
        if (event.kind == Event::Kind::stop) {
            log::write(log::Level::notice, "asked twice to stop: not waiting for open streams");
            return;
        }
        if (event.answer)
            event.answer(fail(Code::unavailable, "the daemon is stopping"));
        tick();
    }
    if (!parts_.service.drained())
        log::write(log::Level::warning, "drain_timeout has passed: ending open streams",
                   {{"in_flight", parts_.service.status().requests_in_flight}});
}

void Supervisor::tick() {
    auto now = parts_.clock.steady();
    if (now >= next_status_) {
        next_status_ = now + status_pause;
        auto text = status_text(parts_.service.status());
        if (!complaint_.empty())
            text += "; last reload failed, old settings stay: " + complaint_;
        if (text != status_) {
            status_ = std::move(text);
            parts_.notifier.status(status_);
        }
    }
    if (watchdog_pause_ && now >= next_ping_) {
        next_ping_ = now + *watchdog_pause_;
        watch();
    }
}

void Supervisor::watch() {
    if (parts_.service.healthy()) {
        sick_checks_ = 0;
        parts_.notifier.watchdog_ping();
        return;
    }
    if (++sick_checks_ < sick_checks_max) {
        log::write(log::Level::warning, "a loop or the database writer does not answer");
        return;
    }
    log::write(log::Level::err,
               "a loop or the database writer is stuck: asking the service manager for a restart");
    parts_.notifier.watchdog_trigger();
}

Result<ReloadReport> Supervisor::reload() {
    auto config = parts_.load();
    if (!config)
        return config.error();
    auto report = parts_.service.reload(*config);
    if (!report)
        return report;
    log::set_level(config->log.level);
    for (auto& name : config::needs_restart(started_, *config))
        if (std::find(report->needs_restart.begin(), report->needs_restart.end(), name) ==
            report->needs_restart.end())
            report->needs_restart.push_back(std::move(name));
    current_ = std::move(*config);
    return report;
}

void Supervisor::handle_reload(const Event& event) {
    parts_.notifier.reloading();
    auto outcome = reload();
    complaint_ = outcome ? "" : first_line(outcome.error().message);
    if (!outcome)
        log_problems(outcome.error().message);
    else if (outcome->needs_restart.empty())
        log::write(log::Level::notice, "reloaded");
    else
        log::write(log::Level::notice, "reloaded; some settings wait for a restart",
                   {{"settings", joined(outcome->needs_restart)}});
    status_ = status_text(parts_.service.status());
    if (!complaint_.empty())
        status_ += "; last reload failed, old settings stay: " + complaint_;
    parts_.notifier.ready(status_);
    if (event.answer)
        event.answer(std::move(outcome));
}

std::chrono::milliseconds Supervisor::pause() const {
    auto now = parts_.clock.steady();
    auto next = watchdog_pause_ ? std::min(next_status_, next_ping_) : next_status_;
    return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(next - now),
                      std::chrono::milliseconds(0), std::chrono::milliseconds(status_pause));
}

}  // namespace obliv::ops
