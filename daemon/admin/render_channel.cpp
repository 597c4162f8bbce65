#include "core/api/values.hpp"
#include "core/base/time_format.hpp"
#include "daemon/admin/render.hpp"
#include "daemon/channels/channels.hpp"

#include <nlohmann/json.hpp>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;
using std::string;
using std::string_view;

string dumped(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}
Json text_or_null(string_view text) {
    return text.empty() ? Json(nullptr) : Json(text);
}
Json limit_or_null(std::int64_t limit) {
    return limit > 0 ? Json(limit) : Json(nullptr);
}
Json figure_or_null(std::optional<std::int64_t> figure) {
    return figure ? Json(*figure) : Json(nullptr);
}
Json millis_or_null(const std::optional<std::chrono::milliseconds>& span) {
    return span ? Json(span->count()) : Json(nullptr);
}

Json channel_name(const channels::Entry& entry) {
    return Json{{"id", entry.channel.id.text()}, {"name", entry.channel.name}};
}

string_view state_of(const channels::Entry& entry, const channels::Health::Snapshot& health,
                     SteadyTime now) {
    using State = channels::Breaker::State;
    if (!entry.channel.enabled)
        return "disabled";
    if (entry.provider == nullptr)
        return "unusable";
    if (health.down)
        return "down";
    if (!entry.keys->any_usable(now))
        return "resting";
    auto breaker = health.breaker;
    for (const auto& model : health.models)
        breaker = std::max(breaker, model.state);
    if (breaker == State::closed)
        return entry.health->failing() ? "failing" : "up";
    return name_of(breaker);
}

Json health_object(const channels::Entry& entry, const Clock& clock) {
    auto now = clock.steady();
    auto health = entry.health->snapshot(now);
    auto good = health.ended[static_cast<std::size_t>(channels::Cause::ok)];
    auto ended = good + health.failures;
    auto quota = entry.quota_left(now);
    Json models = Json::array();
    for (const auto& model : health.models)
        models.push_back(Json{{"model", model.name}, {"breaker", name_of(model.state)}});
    return Json{
        {"state", state_of(entry, health, now)},
        {"in_flight", health.in_flight},
        {"requests", health.requests},
        {"failures", health.failures},
        {"availability",
         ended == 0 ? Json(nullptr) : Json(static_cast<double>(good) / static_cast<double>(ended))},
        {"ttft_ms", health.ttft.count() == 0
                        ? Json(nullptr)
                        : Json(static_cast<double>(health.ttft.count()) / 1000.0)},
        {"requests_this_minute", health.requests_this_minute},
        {"quota_used", quota.used ? Json(*quota.used) : Json(nullptr)},
        {"requests_left", figure_or_null(quota.window.requests)},
        {"tokens_left", figure_or_null(quota.window.tokens)},
        {"balance", text_or_null(channels::money_text(quota.money))},
        {"models", std::move(models)},
        {"last_error", text_or_null(health.last_error)}};
}

/// Of a channel that no loop knows yet: nothing has happened to it.
Json no_health(const storage::Channel& channel) {
    return Json{{"state", channel.enabled ? "up" : "disabled"},
                {"in_flight", 0},
                {"requests", 0},
                {"failures", 0},
                {"availability", nullptr},
                {"ttft_ms", nullptr},
                {"requests_this_minute", 0},
                {"quota_used", nullptr},
                {"requests_left", nullptr},
                {"tokens_left", nullptr},
                {"balance", nullptr},
                {"models", Json::array()},
                {"last_error", nullptr}};
}

Json keys_of(const storage::Channel& channel, const channels::Entry* entry, const Clock& clock) {
    Json out = Json::array();
    auto now = clock.steady();
    for (const auto& secret : channel.keys) {
        auto id = channels::key_id(secret);
        const auto* key = entry == nullptr ? nullptr : entry->keys->find(id);
        auto state = key == nullptr ? channels::Key::State::up : key->state(now);
        auto until = key == nullptr ? std::nullopt : key->rests_until(now);
        out.push_back(
            Json{{"id", id},
                 {"hint", secret.hint()},
                 {"state", name_of(state)},
                 {"rests_until", until ? Json(rfc3339(clock.wall() + (*until - now))) : Json()},
                 {"requests", key == nullptr ? 0 : key->requests.load()},
                 {"failures", key == nullptr ? 0 : key->failures.load()},
                 {"requests_this_minute", key == nullptr ? 0 : key->minute.counts(now).first}});
    }
    return out;
}

Json offers_of(const storage::ChannelSettings& settings) {
    Json out = Json::array();
    for (const auto& offer : settings.offers)
        out.push_back(Json{{"models", offer.models},
                           {"abilities", offer.abilities},
                           {"context_tokens", offer.context_tokens}});
    return out;
}

Json pairs_of(const std::map<string, string>& pairs) {
    Json out = Json::object();
    for (const auto& [name, text] : pairs)
        out[name] = text;
    return out;
}

Json settings_of(const storage::ChannelSettings& settings) {
    return Json{{"key_policy", name_of(settings.key_policy)},
                {"key_requests_per_minute", limit_or_null(settings.key_requests_per_minute)},
                {"requests_per_minute", limit_or_null(settings.requests_per_minute)},
                {"concurrent_max", limit_or_null(settings.concurrent_max)},
                {"cost_factor", text_or_null(settings.cost_factor)},
                {"check", name_of(settings.check)},
                {"losses", name_of(settings.losses)},
                {"offers", offers_of(settings)},
                {"headers", pairs_of(settings.headers)},
                {"parameters", settings.parameters.empty()
                                   ? Json(nullptr)
                                   : Json::parse(settings.parameters, nullptr, false)},
                {"status_map", pairs_of(settings.status_map)},
                {"system_prompt", text_or_null(settings.system_prompt.text)},
                {"system_prompt_place", name_of(settings.system_prompt.place)}};
}

}  // namespace

string channel_json(const storage::Channel& channel, const channels::ChannelTable& table,
                    const Clock& clock) {
    const auto* entry = table.find(channel.id);
    Json hints = Json::array();
    for (const auto& key : channel.keys)
        hints.push_back(key.hint());
    Json timeouts{{"connect_ms", millis_or_null(channel.connect_timeout)},
                  {"first_byte_ms", millis_or_null(channel.first_byte_timeout)},
                  {"idle_ms", millis_or_null(channel.idle_timeout)},
                  {"total_ms", millis_or_null(channel.total_timeout)}};
    Json out{{"id", channel.id.text()},
             {"name", channel.name},
             {"type", channel.type},
             {"base_url", text_or_null(channel.base_url)},
             {"key_hints", std::move(hints)},
             {"models", channel.models},
             {"aliases", pairs_of(channel.aliases)},
             {"groups", channel.groups},
             {"priority", channel.priority},
             {"weight", channel.weight},
             {"enabled", channel.enabled},
             {"proxy", text_or_null(channel.proxy)},
             {"timeouts", std::move(timeouts)},
             {"keys", keys_of(channel, entry, clock)}};
    out.update(settings_of(channel.settings));
    out["created_at"] = rfc3339(channel.created_at);
    out["updated_at"] = rfc3339(channel.updated_at);
    out["health"] = entry == nullptr ? no_health(channel) : health_object(*entry, clock);
    return dumped(out);
}

string channel_event_json(const storage::ChannelEvent& event, const channels::ChannelTable& table) {
    const auto* entry = table.find(event.channel);
    auto id = event.channel.text();
    Json channel{{"id", id}, {"name", entry == nullptr ? "removed-" + id : entry->channel.name}};
    return dumped(Json{{"id", std::to_string(event.id)},
                       {"time", rfc3339(event.time)},
                       {"channel", std::move(channel)},
                       {"kind", event.kind},
                       {"model", text_or_null(event.model)},
                       {"detail", event.detail}});
}

string explanation_json(const channels::Explanation& explanation, string_view model,
                        string_view group) {
    Json candidates = Json::array();
    const auto& plan = *explanation.plan;
    for (const auto& tier : plan.tiers)
        for (auto i = tier.begin; i < tier.end; ++i) {
            const auto& option = plan.options[i];
            const auto& why = explanation.obstacles[i];
            candidates.push_back(Json{{"channel", channel_name(*option.entry)},
                                      {"priority", option.entry->channel.priority},
                                      {"weight", option.entry->channel.weight},
                                      {"share", explanation.shares[i]},
                                      {"upstream_model", option.match.upstream_model},
                                      {"matched_by", option.match.matched_by},
                                      {"strategy", name_of(tier.strategy)},
                                      {"obstacle", why ? Json(words_for(*why)) : Json(nullptr)}});
        }
    Json excluded = Json::array();
    for (const auto& one : explanation.excluded)
        excluded.push_back(Json{{"channel", channel_name(*one.entry)}, {"reason", one.reason}});
    return dumped(Json{{"model", model},
                       {"group", group},
                       {"candidates", std::move(candidates)},
                       {"excluded", std::move(excluded)}});
}

}  // namespace obliv::admin
