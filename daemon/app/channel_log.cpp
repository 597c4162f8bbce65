#include "daemon/app/channel_log.hpp"

#include "core/base/log.hpp"

namespace obliv::daemon {
namespace {

constexpr std::size_t waiting_max = 1000;

log::Level level_of(channels::EventKind kind) {
    using channels::EventKind;
    switch (kind) {
    case EventKind::recovered:
    case EventKind::restored:
    case EventKind::key_wakes:
        return log::Level::notice;
    case EventKind::disabled:
    case EventKind::all_rest:
        return log::Level::err;
    default:
        return log::Level::warning;
    }
}

}  // namespace

void ChannelLog::happened(const channels::Event& event) {
    log::write(level_of(event.kind), "channel",
               {{"channel", event.name},
                {"event", name_of(event.kind)},
                {"model", event.model},
                {"detail", event.detail}});
    {
        std::lock_guard lock(mutex_);
        if (waiting_.size() >= waiting_max)
            return;  // the log has it
        waiting_.push_back({event, real_clock().wall()});
        if (waiting_.size() > 1)
            return;  // whoever stores the first takes this one along
    }
    if (workers_.post([this] { store(); }))
        return;
    std::lock_guard lock(mutex_);
    waiting_.clear();
}

void ChannelLog::store() {
    std::vector<Noted> taken;
    {
        std::lock_guard lock(mutex_);
        taken.swap(waiting_);
    }
    auto stored = database_.write([&](storage::Session& session) -> Result<void> {
        for (const auto& each : taken) {
            storage::ChannelEvent row;
            row.time = each.time;
            row.channel = each.event.channel;
            row.kind = name_of(each.event.kind);
            row.model = each.event.model;
            row.detail = each.event.detail;
            if (auto done = session.channels().append_event(row); !done)
                return done;
        }
        return ok();
    });
    if (!stored)
        log::write_limited(log::Level::warning, "channel_event_not_stored",
                           "what happened to a channel is in the log only",
                           {{"error", stored.error().message}});
    for (const auto& each : taken)
        for (const auto& listener : listeners_)
            listener(each.event);
}

}  // namespace obliv::daemon
