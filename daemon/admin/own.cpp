// What a token may know of itself, also as OpenAI's dashboard told it, which programs still ask
// for.

#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/ledger/period.hpp"
#include "core/storage/budget_match.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/admin/usage_query.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;
using storage::Session;
using storage::UsageFilter;
using storage::UsageKey;

/// What other programs say for no limit.
constexpr double no_limit_usd = 100'000'000;

/// In whole nano-dollars until here: JSON has no exact decimals, and this shape asks for numbers.
double dollars(Money money) {
    return static_cast<double>(money.nanos()) / 1e9;
}
double cents(Money money) {
    return static_cast<double>(money.nanos()) / 1e7;
}

Result<const storage::Token*> own_token(const Request& request) {
    const auto& caller = request.caller();
    if (caller.token)
        return &caller.token->token;
    return fail(Code::invalid_request, "this call is about a token: give one as the credential");
}

Result<UsageFilter> own_filter(const Request& request, Session& session, WallTime now) {
    auto token = own_token(request);
    if (!token)
        return token.error();
    auto filter = usage_filter(request, session, now);
    if (filter)
        filter->token = (*token)->id;
    return filter;
}

void narrow(std::optional<Money>& least, Money rest) {
    least = std::min(least.value_or(rest), rest);
}

/// The least that the account and the budgets have left; nothing: no limit.
Result<std::optional<Money>> left_of(const storage::Token& token, Host& host) {
    struct Limits {
        storage::Account account;
        std::vector<storage::Budget> budgets;
    };
    auto limits = host.database().read([&](Session& session) -> Result<Limits> {
        auto account = session.accounts().get(token.account);
        if (!account)
            return account.error();
        auto budgets = session.budgets().all();
        if (!budgets)
            return budgets.error();
        return Limits{std::move(*account), std::move(*budgets)};
    });
    if (!limits)
        return limits.error();
    std::optional<Money> least;
    const auto& account = limits->account;
    auto live = host.account_figures(account.id);
    if (live && account.kind != storage::AccountKind::unlimited)
        narrow(least, live->available - ledger::floor_of(account.kind, account.credit_limit));
    if (auto own = host.token_figures(token.id); own && token.budget)
        narrow(least, own->available);
    for (const auto& budget : limits->budgets)
        if (auto state = host.budget_state(budget.id);
            state && budget.model.empty() && storage::counts(budget, token))
            narrow(least, state->figures.available);
    return least;
}

using Groups = std::vector<storage::UsageGroup>;

Result<Groups> spent_by(const storage::Token& token, Host& host, WallTime since,
                        std::optional<WallTime> until, const std::vector<UsageKey>& by) {
    UsageFilter filter;
    filter.token = token.id;
    filter.since = since;
    filter.until = until;
    return host.database().read(
        [&](Session& session) { return session.usage().report(filter, by); });
}

Money sum_of(const Groups& groups) {
    Money sum;
    for (const auto& group : groups)
        sum += group.cost;
    return sum;
}

Result<WallTime> date_of(const Request& request, std::string_view name, WallTime otherwise) {
    auto text = request.query(name);
    if (!text)
        return otherwise;
    auto time = parse_rfc3339(*text);
    if (time)
        return *time;
    auto error =
        fail(Code::invalid_request, std::string(name) + ": expected a date such as 2026-10-01");
    error.param = name;
    return error;
}

Json daily_costs(const Groups& groups) {
    std::map<std::string, Json> days;
    for (const auto& group : groups) {
        auto& items = days.try_emplace(group.key[0], Json::array()).first->second;
        items.push_back({{"name", group.key[1]}, {"cost", cents(group.cost)}});
    }
    auto out = Json::array();
    for (auto& [day, items] : days) {
        auto begin = parse_rfc3339(day);
        auto seconds = begin ? unix_nanos(*begin) / 1'000'000'000 : 0;
        out.push_back(
            {{"timestamp", static_cast<double>(seconds)}, {"line_items", std::move(items)}});
    }
    return out;
}

}  // namespace

Result<Reply> own_usage(const Request& request, Host& host) {
    // Which channel served a call, as which model, is the operator's affair.
    constexpr std::array<std::string_view, 4> open{"model", "hour", "day", "month"};
    auto by = request.query("by").value_or("model");  // outlives its parts
    for (auto name : split(by, ','))
        if (std::find(open.begin(), open.end(), name) == open.end()) {
            auto error = fail(Code::invalid_request, "by: expected model, hour, day or month");
            error.param = "by";
            return error;
        }
    return usage_report(request, host, own_filter);
}

Result<Reply> show_subscription(const Request& request, Host& host) {
    auto token = own_token(request);
    if (!token)
        return token.error();
    auto left = left_of(**token, host);
    if (!left)
        return left.error();
    // Programs take this month's usage off the limit to tell what is left.
    auto month = ledger::period_of(ledger::PeriodKind::month, TimeZone::utc(), host.clock().wall());
    auto spent = spent_by(**token, host, month.begin, std::nullopt, {UsageKey::model});
    if (!spent)
        return spent.error();
    auto limit = *left ? dollars(std::max(**left, Money{}) + sum_of(*spent)) : no_limit_usd;
    const auto& expiry = (*token)->expires_at;
    return Reply{200, Json{{"object", "billing_subscription"},
                           {"has_payment_method", true},
                           {"soft_limit_usd", limit},
                           {"hard_limit_usd", limit},
                           {"system_hard_limit_usd", limit},
                           {"access_until", expiry ? unix_nanos(*expiry) / 1'000'000'000 : 0}}
                          .dump()};
}

Result<Reply> show_billing_usage(const Request& request, Host& host) {
    auto token = own_token(request);
    if (!token)
        return token.error();
    auto now = host.clock().wall();
    auto month = ledger::period_of(ledger::PeriodKind::month, TimeZone::utc(), now);
    auto since = date_of(request, "start_date", month.begin);
    if (!since)
        return since.error();
    auto until = date_of(request, "end_date", month.end);
    if (!until)
        return until.error();
    auto groups = spent_by(**token, host, *since, *until, {UsageKey::day, UsageKey::model});
    if (!groups)
        return groups.error();
    return Reply{200, Json{{"object", "list"},
                           {"total_usage", cents(sum_of(*groups))},
                           {"daily_costs", daily_costs(*groups)}}
                          .dump(-1, ' ', false, Json::error_handler_t::replace)};
}

}  // namespace obliv::admin
