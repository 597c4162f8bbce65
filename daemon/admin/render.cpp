#include "daemon/admin/render.hpp"

#include "core/api/values.hpp"
#include "core/base/time_format.hpp"
#include "core/base/version.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;
using std::string;
using std::string_view;

string dumped(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename Tag>
Json id_or_null(Id<Tag> id) {
    return id ? Json(id.text()) : Json(nullptr);
}
Json text_or_null(string_view text) {
    return text.empty() ? Json(nullptr) : Json(text);
}
Json money_or_null(const std::optional<Money>& money) {
    return money ? Json(money->text()) : Json(nullptr);
}
Json time_or_null(const std::optional<WallTime>& time) {
    return time ? Json(rfc3339(*time)) : Json(nullptr);
}
Json limit_or_null(int limit) {
    return limit > 0 ? Json(limit) : Json(nullptr);
}
Json millis_of(std::int64_t micros) {
    return static_cast<double>(micros) / 1000.0;
}

Json usage_object(const llm::Usage& usage) {
    return Json{{"input", usage.input},
                {"cache_read", usage.cache_read},
                {"cache_write_5m", usage.cache_write_5m},
                {"cache_write_1h", usage.cache_write_1h},
                {"audio_in", usage.audio_in},
                {"image_in", usage.image_in},
                {"output", usage.output},
                {"reasoning", usage.reasoning},
                {"audio_out", usage.audio_out},
                {"images", usage.images},
                {"seconds", usage.seconds},
                {"characters", usage.characters},
                {"searches", usage.searches}};
}

string_view name_of(llm::UsageSource source) {
    switch (source) {
    case llm::UsageSource::provider:
        return "provider";
    case llm::UsageSource::partial:
        return "partial";
    case llm::UsageSource::counted:
        return "counted";
    case llm::UsageSource::estimated:
        return "estimated";
    case llm::UsageSource::cache:
        return "cache";
    case llm::UsageSource::batch:
        return "batch";
    case llm::UsageSource::none:
        break;
    }
    return "none";
}

Json cache_or_null(storage::CacheUse use) {
    switch (use) {
    case storage::CacheUse::off:
        return "off";
    case storage::CacheUse::exact:
        return "exact";
    case storage::CacheUse::semantic:
        return "semantic";
    case storage::CacheUse::by_model:
        break;
    }
    return {};
}

string_view name_of(storage::AccountKind kind) {
    switch (kind) {
    case storage::AccountKind::unlimited:
        return "unlimited";
    case storage::AccountKind::prepaid:
        return "prepaid";
    case storage::AccountKind::credit:
        return "credit";
    case storage::AccountKind::system:
        break;
    }
    return "system";
}

/// Stored for a million calls, images ..., like every unit; shown for one.
string for_one(Money per_million) {
    constexpr std::int64_t million = 1'000'000;
    return Money::nanos(per_million.nanos() / million).text();
}

void add_token_prices(Json& json, const llm::TokenPrices& prices) {
    json["input"] = prices.input.text();
    json["output"] = prices.output.text();
    json["cache_read"] = money_or_null(prices.cache_read);
    json["cache_write_5m"] = money_or_null(prices.cache_write_5m);
    json["cache_write_1h"] = money_or_null(prices.cache_write_1h);
    json["reasoning"] = money_or_null(prices.reasoning);
    json["audio_in"] = money_or_null(prices.audio_in);
    json["audio_out"] = money_or_null(prices.audio_out);
    json["image_in"] = money_or_null(prices.image_in);
}

Json price_object(const storage::PriceRow& row) {
    const auto& price = row.price;
    Json json{{"version", price.id.text()},
              {"model", row.model},
              {"channel", text_or_null(price_channel(row))},
              {"variant", text_or_null(row.variant)}};
    add_token_prices(json, price);
    json["per_call"] = for_one(price.per_call);
    json["per_image"] = for_one(price.per_image);
    json["per_second"] = for_one(price.per_second);
    json["per_character"] = for_one(price.per_character);
    json["per_search"] = for_one(price.per_search);
    json["batch"] = share_text(price.batch_millionths);
    json["tiers"] = Json::array();
    for (const auto& tier : price.tiers) {
        Json one{{"above", tier.above}};
        add_token_prices(one, tier.prices);
        json["tiers"].push_back(std::move(one));
    }
    json["effective_from"] = rfc3339(row.effective_from);
    json["removed"] = row.removed;
    return json;
}

/// What calls may still reserve; nothing where there is no limit.
std::optional<Money> available_of(const storage::Account& account, Money above_floor) {
    if (account.kind == storage::AccountKind::prepaid)
        return above_floor;
    if (account.kind == storage::AccountKind::credit)
        return checked_add(above_floor, account.credit_limit).value_or(Money::max());
    return std::nullopt;
}

}  // namespace

string token_json(const storage::Token& token, Host& host, const Secret* key) {
    auto figures = host.token_figures(token.id);
    Json out{{"id", token.id.text()}, {"name", token.name}};
    if (key != nullptr)
        out["key"] = string(key->reveal());
    out.update(Json{
        {"role", token.role == storage::TokenRole::admin ? "admin" : "relay"},
        {"group", token.group},
        {"models", token.models},
        {"budget", money_or_null(token.budget)},
        {"spent", (figures ? figures->spent : Money{}).text()},
        {"hint", token.hint},
        {"account_id", token.account.text()},
        {"requests_per_minute", limit_or_null(token.requests_per_minute)},
        {"concurrent_max", limit_or_null(token.concurrent_max)},
        {"cache", cache_or_null(token.cache)},
        {"created_at", rfc3339(token.created_at)},
        {"expires_at", time_or_null(token.expires_at)},
        {"revoked_at", time_or_null(token.revoked_at)},
    });
    return dumped(out);
}

string price_channel(const storage::PriceRow& row) {
    if (!row.channel)
        return {};
    return row.channel_name.empty() ? row.channel.text() : row.channel_name;
}

string share_text(std::int64_t millionths) {
    return Money::nanos(millionths * 1000).text();
}

string price_json(const storage::PriceRow& row) {
    return dumped(price_object(row));
}

string account_json(const storage::Account& account, Host& host) {
    auto live = host.account_figures(account.id);
    auto above_floor = live ? live->available : account.balance;
    auto held = live ? live->held : Money{};
    auto balance =
        live ? checked_add(live->available, live->held).value_or(live->available) : account.balance;
    return dumped(
        Json{{"id", account.id.text()},
             {"name", account.name},
             {"kind", name_of(account.kind)},
             {"credit_limit", account.credit_limit.text()},
             {"balance", balance.text()},
             {"held", held.text()},
             {"available", money_or_null(available_of(account, above_floor))},
             {"time_zone", account.time_zone},
             {"degraded", host.is_degraded(account.id)},
             {"degraded_models", account.degraded.models},
             {"degraded_requests_per_minute", limit_or_null(account.degraded.requests_per_minute)},
             {"degraded_concurrent_max", limit_or_null(account.degraded.concurrent_max)},
             {"created_at", rfc3339(account.created_at)}});
}

string transfer_json(const storage::Transfer& transfer) {
    return dumped(Json{{"id", std::to_string(transfer.id)},
                       {"time", rfc3339(transfer.time)},
                       {"from_account_id", transfer.source.text()},
                       {"to_account_id", transfer.target.text()},
                       {"amount", transfer.amount.text()},
                       {"kind", ledger::name_of(transfer.kind)},
                       {"reason", text_or_null(transfer.reason)},
                       {"operation_id", transfer.operation_id},
                       {"expires_at", time_or_null(transfer.expires_at)}});
}

string lot_json(const ledger::Lot& lot) {
    return dumped(Json{{"id", std::to_string(lot.id)},
                       {"amount", lot.amount.text()},
                       {"left", lot.left.text()},
                       {"expires_at", rfc3339(lot.expires_at)}});
}

string call_json(const storage::Call& call) {
    bool consumed = call.source != llm::UsageSource::none;
    return dumped(Json{{"request_id", call.request_id},
                       {"time", rfc3339(call.time)},
                       {"account_id", call.account.text()},
                       {"user_id", id_or_null(call.user)},
                       {"token_id", id_or_null(call.token)},
                       {"model", call.model},
                       {"model_served", text_or_null(call.model_served)},
                       {"channel_id", id_or_null(call.channel)},
                       {"key_index", call.key_index},
                       {"usage", usage_object(call.usage)},
                       {"usage_source", name_of(call.source)},
                       {"price_version", id_or_null(call.price)},
                       {"price_share", share_text(call.share)},
                       {"unpriced", consumed && !call.price},
                       {"held", call.held.text()},
                       {"cost", call.cost.text()},
                       {"loss", call.loss.text()},
                       {"ttft_ms", call.ttft_us < 0 ? Json(nullptr) : millis_of(call.ttft_us)},
                       {"duration_ms", millis_of(call.duration_us)},
                       {"status", call.status},
                       {"attempts", call.attempts},
                       {"stream", call.stream},
                       {"finish_reason", text_or_null(call.finish_reason)},
                       {"client", call.client},
                       {"user_agent", call.user_agent},
                       {"error", text_or_null(call.error)}});
}

string entry_json(const storage::Entry& entry, string_view request_id) {
    return dumped(Json{{"id", std::to_string(entry.id)},
                       {"time", rfc3339(entry.time)},
                       {"account_id", entry.account.text()},
                       {"side", ledger::name_of(entry.side)},
                       {"amount", entry.amount.text()},
                       {"kind", ledger::name_of(entry.kind)},
                       {"call", text_or_null(request_id)},
                       {"reason", text_or_null(entry.reason)}});
}

string group_json(const storage::UsageGroup& group, const std::vector<string>& by) {
    Json out = Json::object();
    for (std::size_t i = 0; i < by.size() && i < group.key.size(); ++i)
        out[by[i]] = group.key[i];
    out["requests"] = group.requests;
    out["errors"] = group.errors;
    out["usage"] = usage_object(group.usage);
    out["cost"] = group.cost.text();
    return dumped(out);
}

string capture_json(const storage::Capture& capture) {
    return dumped(Json{{"request_id", capture.request_id},
                       {"time", rfc3339(capture.time)},
                       {"account_id", id_or_null(capture.account)},
                       {"token_id", id_or_null(capture.token)},
                       {"model", capture.model},
                       {"request", capture.request},
                       {"request_cut", capture.request_cut},
                       {"reply", capture.reply},
                       {"reply_cut", capture.reply_cut}});
}

string business_json(const storage::BusinessRow& row) {
    return dumped(Json{{"period", row.period},
                       {"active_users", row.active},
                       {"returning_users", row.returning},
                       {"new_users", row.active - row.returning},
                       {"requests", row.requests},
                       {"revenue", row.revenue.text()}});
}

string verification_json(const storage::LedgerReport& report) {
    return dumped(Json{{"ok", report.ok()},
                       {"accounts", report.accounts},
                       {"charges", report.charges},
                       {"transfers", report.transfers},
                       {"usage_rows", report.usage_rows},
                       {"retired", report.retired},
                       {"problems", report.problems}});
}

string channel_test_json(const ChannelTest& test, string_view model) {
    return dumped(Json{{"ok", test.ok},
                       {"model", model},
                       {"status", limit_or_null(test.status)},
                       {"latency_ms", millis_of(test.latency.count())},
                       {"reply", text_or_null(test.reply)},
                       {"error", text_or_null(test.error)}});
}

string model_json(string_view model, const std::vector<string>& channels,
                  const storage::PriceRow* price) {
    return dumped(Json{{"id", model},
                       {"channels", channels},
                       {"price", price == nullptr ? Json(nullptr) : price_object(*price)}});
}

string channel_balance_json(const BalanceRow& row) {
    auto told = [](const string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    return dumped(Json{{"key", row.key},
                       {"hint", row.hint},
                       {"amount", told(row.amount)},
                       {"currency", told(row.currency)},
                       {"error", told(row.error)}});
}

string channel_model_json(string_view model, bool served, std::optional<bool> offered) {
    return dumped(Json{{"model", model},
                       {"served", served},
                       {"offered", offered ? Json(*offered) : Json(nullptr)}});
}

string provider_json(const ProviderFacts& facts) {
    const auto& provider = *facts.provider;
    bool custom = facts.version > 0;
    Json formats = Json::array();
    Json operations = Json::array();
    for (const auto& offer : provider.offers) {
        auto operation = providers::name_of(offer.operation);
        if (offer.operation == providers::Operation::chat)
            formats.push_back(offer.wire == nullptr ? "openai" : offer.wire->name);
        if (std::find(operations.begin(), operations.end(), operation) == operations.end())
            operations.push_back(operation);
    }
    const auto& dialect = providers::dialect_of(provider);
    Json out{{"type", provider.name},
             {"custom", custom},
             {"version", custom ? std::to_string(facts.version) : string(obliv::version)},
             {"default_base_url", text_or_null(provider.default_base_url)},
             {"formats", std::move(formats)},
             {"operations", std::move(operations)},
             {"abilities", Json{{"json_schema", dialect.json_schema},
                                {"parallel_tool_calls", dialect.parallel_tool_calls},
                                {"seed", dialect.seed},
                                {"usage_in_stream", dialect.stream_options}}},
             {"created_at", custom ? Json(rfc3339(facts.created_at)) : Json(nullptr)}};
    if (!facts.description.empty())
        out["description"] = facts.description;
    return dumped(out);
}

string provider_version_json(const storage::ProviderRow& row) {
    return dumped(Json{{"version", std::to_string(row.version)},
                       {"removed", row.removed},
                       {"created_at", rfc3339(row.created_at)},
                       {"description", row.source}});
}

string status_json(const Status& status, const channels::ChannelTable& table) {
    std::int64_t enabled = 0;
    for (const auto& entry : table.entries())
        enabled += entry->channel.enabled ? 1 : 0;
    return dumped(Json{{"version", status.version},
                       {"pid", static_cast<std::int64_t>(::getpid())},
                       {"started_at", rfc3339(status.started_at)},
                       {"uptime_s", status.uptime.count()},
                       {"requests_in_flight", status.requests_in_flight},
                       {"channels", enabled},
                       {"commit_lag_ms", millis_of(status.commit_lag.count())},
                       {"ready", status.ready},
                       {"draining", status.draining}});
}

string text_json(string_view text) {
    return dumped(Json(text));
}

string texts_json(const std::vector<string>& texts) {
    Json out = Json::array();
    for (const auto& text : texts)
        out.push_back(text);
    return dumped(out);
}

string joined(const std::vector<string>& values) {
    string out = "[";
    for (const auto& value : values) {
        if (out.size() > 1)
            out += ',';
        out += value;
    }
    return out + "]";
}

string list_json(const std::vector<string>& rows, string_view list,
                 std::optional<std::int64_t> next) {
    return list_json(rows, next ? api::make_cursor(list, *next) : string());
}

string list_json(const std::vector<string>& rows, string_view next_cursor) {
    auto cursor = dumped(text_or_null(next_cursor));
    return "{\"data\":" + joined(rows) + ",\"next_cursor\":" + cursor + "}";
}

}  // namespace obliv::admin
