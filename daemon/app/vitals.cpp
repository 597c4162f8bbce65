#include "daemon/app/vitals.hpp"

#include "daemon/app/notice_desk.hpp"

#include <algorithm>

namespace obliv::daemon {
namespace {

constexpr std::size_t accounts_shown_max = 1000;

double usd(Money amount) {
    return static_cast<double>(amount.nanos()) / static_cast<double>(Money::nanos_per_dollar);
}

metrics::Gauge gauge(std::string_view name, double value) {
    return {name, {}, value};
}

}  // namespace

namespace {

/// What is left upstream, as far as it was told.
void add_channel_quota(const channels::Entry& entry, SteadyTime now,
                       std::vector<metrics::Gauge>& out) {
    const auto& name = entry.channel.name;
    auto left = entry.quota_left(now);
    auto window = [&](std::string kind, std::optional<std::int64_t> figure) {
        if (figure)
            out.push_back({"oblivd_channel_quota_left",
                           {{"channel", name}, {"kind", std::move(kind)}},
                           static_cast<double>(*figure)});
    };
    if (left.used)
        out.push_back({"oblivd_channel_quota_used_ratio", {{"channel", name}}, *left.used});
    window("requests", left.window.requests);
    window("tokens", left.window.tokens);
    for (const auto& [currency, amount] : left.money)
        out.push_back(
            {"oblivd_channel_balance", {{"channel", name}, {"currency", currency}}, usd(amount)});
}

}  // namespace

bool any_usable(const channels::ChannelTable& table) {
    const auto& entries = table.entries();
    return entries.empty() || std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
               return entry->channel.enabled && entry->provider != nullptr;
           });
}

void LiveVitals::attach(const server::Server* server,
                        const std::vector<std::unique_ptr<Lane>>* lanes) {
    server_ = server;
    lanes_ = lanes;
}

std::string LiveVitals::not_ready() const {
    if (parts_.draining)
        return "the daemon is stopping";
    if (!parts_.database.writer().accepting())
        return "the database cannot be written: " + parts_.database.writer().stats().last_error;
    if (!any_usable(*parts_.publisher.channel_table()))
        return "every channel is disabled";
    return {};
}

std::int64_t LiveVitals::requests_in_flight() const {
    return server_ == nullptr ? 0 : static_cast<std::int64_t>(server_->exchanges());
}

void LiveVitals::add_channels(std::vector<metrics::Gauge>& out) const {
    auto now = real_clock().steady();
    for (const auto& entry : parts_.publisher.channel_table()->entries()) {
        auto health = entry->health->snapshot(now);
        auto add = [&](std::string_view name, double value) {
            out.push_back({name, {{"channel", entry->channel.name}}, value});
        };
        add("oblivd_channel_up", entry->up(now) ? 1 : 0);
        add("oblivd_channel_in_flight", static_cast<double>(health.in_flight));
        add("oblivd_channel_requests_total", static_cast<double>(health.requests));
        add("oblivd_channel_failures_total", static_cast<double>(health.failures));
        auto breaker = health.breaker;
        for (const auto& model : health.models)
            breaker = std::max(breaker, model.state);
        add("oblivd_channel_breaker", static_cast<double>(breaker));
        add("oblivd_channel_keys_usable", static_cast<double>(entry->keys->usable_count(now)));
        add("oblivd_channel_first_content_seconds", static_cast<double>(health.ttft.count()) / 1e6);
        add_channel_quota(*entry, now, out);
        for (std::size_t i = 0; i < channels::causes; ++i)
            if (health.ended[i] > 0)
                out.push_back({"oblivd_attempts_total",
                               {{"channel", entry->channel.name},
                                {"cause", std::string(name_of(static_cast<channels::Cause>(i)))}},
                               static_cast<double>(health.ended[i])});
    }
}

void LiveVitals::add_quota(std::vector<metrics::Gauge>& out) const {
    auto view = parts_.books.view();
    std::size_t shown = 0;
    view->accounts.each([&](AccountId id, const auto& account) {
        if (account.kind != ledger::AccountKind::prepaid &&
            account.kind != ledger::AccountKind::credit)
            return;
        if (++shown > accounts_shown_max)
            return;
        out.push_back({"oblivd_quota_left_usd",
                       {{"account", id.text()}},
                       usd(account.balance->figures().available)});
    });
    shown = 0;
    view->tokens.each([&](TokenId id, const auto& token) {
        if (!token.limited || ++shown > accounts_shown_max)
            return;
        out.push_back({"oblivd_budget_left_usd",
                       {{"token", id.text()}},
                       usd(token.budget->figures().available)});
    });
}

void LiveVitals::add_cache(std::vector<metrics::Gauge>& out) const {
    auto stats = parts_.answers.stats();
    for (std::size_t i = 0; i < cache::lookups; ++i)
        out.push_back({"oblivd_cache_lookups_total",
                       {{"result", std::string(name_of(static_cast<cache::Lookup>(i)))}},
                       static_cast<double>(stats.looked_up[i])});
    auto found = [&](cache::Lookup lookup) {
        return static_cast<double>(stats.looked_up[static_cast<std::size_t>(lookup)]);
    };
    auto hits =
        found(cache::Lookup::hit) + found(cache::Lookup::semantic) + found(cache::Lookup::shared);
    auto all = hits + found(cache::Lookup::stale) + found(cache::Lookup::miss);
    out.push_back(gauge("oblivd_cache_hit_ratio", all > 0 ? hits / all : 0));
    out.push_back(gauge("oblivd_cache_answers", static_cast<double>(stats.entries)));
    out.push_back(gauge("oblivd_cache_bytes", static_cast<double>(stats.bytes)));
    out.push_back(gauge("oblivd_cache_evictions_total", static_cast<double>(stats.evicted)));
}

void LiveVitals::add_notices(std::vector<metrics::Gauge>& out) const {
    for (const auto& outlet : parts_.notices.outlets()) {
        auto stats = outlet->stats();
        auto count = [&](std::string_view name, std::string result, std::int64_t value) {
            out.push_back({name,
                           {{"receiver", outlet->name()}, {"result", std::move(result)}},
                           static_cast<double>(value)});
        };
        count("oblivd_notices_total", "delivered", stats.delivered);
        count("oblivd_notices_total", "failed", stats.failures);
        count("oblivd_notices_total", "lost", stats.lost);
        out.push_back({"oblivd_notices_waiting",
                       {{"receiver", outlet->name()}},
                       static_cast<double>(stats.waiting)});
    }
}

void LiveVitals::add_queues(std::vector<metrics::Gauge>& out) const {
    auto writer = parts_.database.writer().stats();
    auto queue = [&](std::string name, double length) {
        out.push_back({"oblivd_queue_length", {{"queue", std::move(name)}}, length});
    };
    queue("calls", static_cast<double>(writer.calls_queued));
    queue("writes", static_cast<double>(writer.jobs_queued));
    queue("ring", parts_.books.ring_used());
    queue("workers", static_cast<double>(parts_.workers.queued()));
    out.push_back(gauge("oblivd_ring_slots", parts_.books.ring_slots()));
    out.push_back(
        gauge("oblivd_commit_lag_seconds", static_cast<double>(writer.commit_lag.count()) / 1e6));
    out.push_back(gauge("oblivd_commit_failures_total", static_cast<double>(writer.failures)));
    out.push_back(gauge("oblivd_calls_stored_total", static_cast<double>(writer.calls_stored)));
    out.push_back(
        gauge("oblivd_calls_ended_total", static_cast<double>(parts_.books.ended().calls)));
    out.push_back(gauge("oblivd_billing_gap", parts_.books.gap() ? 1 : 0));
}

std::string LiveVitals::exposition() const {
    std::vector<metrics::Gauge> gauges;
    std::int64_t streams = 0;
    if (lanes_ != nullptr)
        for (const auto& lane : *lanes_)
            streams += lane->relay.open_streams();
    gauges.push_back(gauge("oblivd_requests_in_flight", static_cast<double>(requests_in_flight())));
    gauges.push_back(gauge("oblivd_open_streams", static_cast<double>(streams)));
    gauges.push_back(gauge("oblivd_connections",
                           server_ == nullptr ? 0 : static_cast<double>(server_->connections())));
    add_channels(gauges);
    add_quota(gauges);
    add_queues(gauges);
    add_cache(gauges);
    add_notices(gauges);
    gauges.push_back(gauge("oblivd_ready", not_ready().empty() ? 1 : 0));
    gauges.push_back(gauge("oblivd_start_time_seconds",
                           static_cast<double>(unix_nanos(parts_.started_at)) / 1e9));
    return parts_.metrics.render(gauges);
}

}  // namespace obliv::daemon
