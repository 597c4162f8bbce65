#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"
#include "daemon/admin/usage_query.hpp"

#include <algorithm>
#include <array>

namespace obliv::admin {
namespace {

using storage::Session;
using storage::UsageFilter;
using storage::UsageKey;

/// The id that a filter means. Rows of what was removed stay, so an id need not exist any more.
template <typename IdType, typename Find>
Result<IdType> id_filter(const Request& request, std::string_view name, Find&& find) {
    auto reference = request.query(name);
    if (!reference)
        return IdType{};
    if (is_id(*reference)) {
        if (auto id = parse_int(*reference); id && *id > 0)
            return IdType{*id};
    } else if (auto row = find(*reference); row) {
        return row->id;
    } else if (row.error().code != Code::not_found) {
        return row.error();
    }
    auto error =
        fail(Code::not_found, "there is no " + std::string(name) + " '" + *reference + "'");
    error.param = name;
    return error;
}

Result<std::optional<WallTime>> time_filter(const Request& request, std::string_view name,
                                            WallTime now) {
    auto text = request.query(name);
    if (!text)
        return std::optional<WallTime>{};
    auto time = parse_time(*text, now);
    if (!time) {
        auto error = std::move(time.error()).in(name);
        error.param = name;
        return error;
    }
    return std::optional<WallTime>{*time};
}

/// A name that no call can carry would find nothing, which reads as if nothing had failed.
Result<std::string> error_filter(const Request& request) {
    auto name = request.query("error").value_or("");
    if (name.empty() || code_from_name(name))
        return name;
    auto error = fail(Code::invalid_request, "error: expected the name of an error such as "
                                             "upstream_timeout, got '" +
                                                 visible(name.substr(0, 80)) + "'");
    error.param = "error";
    return error;
}

Result<UserId> user_filter(const Request& request) {
    auto text = request.query("user");
    auto id = text ? parse_int(*text) : 0;
    if (id && *id >= 0 && (!text || *id > 0))
        return UserId{*id};
    auto error = fail(Code::not_found, "there is no user '" + visible(text->substr(0, 80)) + "'");
    error.param = "user";
    return error;
}

}  // namespace

Result<UsageFilter> usage_filter(const Request& request, Session& session, WallTime now) {
    UsageFilter filter;
    auto since = time_filter(request, "since", now);
    if (!since)
        return since.error();
    auto until = time_filter(request, "until", now);
    if (!until)
        return until.error();
    auto token = id_filter<TokenId>(
        request, "token", [&](const std::string& name) { return session.tokens().find(name); });
    if (!token)
        return token.error();
    auto account = account_filter(request, session);
    if (!account)
        return account.error();
    auto channel = id_filter<ChannelId>(
        request, "channel", [&](const std::string& name) { return session.channels().find(name); });
    if (!channel)
        return channel.error();
    auto error = error_filter(request);
    if (!error)
        return error.error();
    filter.since = *since;
    filter.until = *until;
    filter.model = request.query("model").value_or("");
    filter.token = *token;
    filter.account = *account;
    filter.channel = *channel;
    filter.error = *error;
    auto user = user_filter(request);
    if (!user)
        return user.error();
    filter.user = *user;
    return filter;
}

namespace {

struct KeyName {
    std::string_view name;
    UsageKey key;
};
constexpr std::array key_names{
    KeyName{"model", UsageKey::model},     KeyName{"day", UsageKey::day},
    KeyName{"token", UsageKey::token},     KeyName{"account", UsageKey::account},
    KeyName{"channel", UsageKey::channel}, KeyName{"user", UsageKey::user},
    KeyName{"served", UsageKey::served},   KeyName{"hour", UsageKey::hour},
    KeyName{"month", UsageKey::month},
};

Error bad_key(const std::string& text) {
    auto error = fail(Code::invalid_request,
                      "by: expected some of model, served, channel, token, user, account, hour, "
                      "day, month, each once and "
                      "separated by commas, got '" +
                          visible(text.substr(0, 80)) + "'");
    error.param = "by";
    return error;
}

Result<std::vector<UsageKey>> keys_of(const std::string& text) {
    std::vector<UsageKey> keys;
    for (auto name : split(text, ',')) {
        auto found = std::find_if(key_names.begin(), key_names.end(),
                                  [&](const KeyName& known) { return known.name == name; });
        if (found == key_names.end() ||
            std::find(keys.begin(), keys.end(), found->key) != keys.end())
            return bad_key(text);
        keys.push_back(found->key);
    }
    return keys;
}

}  // namespace

Result<AccountId> account_filter(const Request& request, Session& session) {
    return id_filter<AccountId>(
        request, "account", [&](const std::string& name) { return session.accounts().find(name); });
}

Result<Reply> list_usage(const Request& request, Host& host) {
    auto page = request.page("usage", true);
    if (!page)
        return page.error();
    auto now = host.clock().wall();
    using Calls = storage::Page<storage::Call>;
    auto calls = host.database().read([&](Session& session) -> Result<Calls> {
        auto filter = usage_filter(request, session, now);
        if (!filter)
            return filter.error();
        return session.usage().page(*filter, *page);
    });
    if (!calls)
        return calls.error();
    std::vector<std::string> rows;
    for (const auto& call : calls->rows)
        rows.push_back(call_json(call));
    return Reply{200, list_json(rows, "usage", calls->next)};
}

Result<Reply> report_usage(const Request& request, Host& host) {
    return usage_report(request, host, usage_filter);
}

Result<Reply> usage_report(const Request& request, Host& host,
                           Result<UsageFilter> (*filter_of)(const Request&, Session&, WallTime)) {
    auto by = request.query("by").value_or("model");
    auto keys = keys_of(by);
    if (!keys)
        return keys.error();
    auto now = host.clock().wall();
    using Groups = std::vector<storage::UsageGroup>;
    auto groups = host.database().read([&](Session& session) -> Result<Groups> {
        auto filter = filter_of(request, session, now);
        if (!filter)
            return filter.error();
        return session.usage().report(*filter, *keys);
    });
    if (!groups)
        return groups.error();
    std::vector<std::string> names;
    for (auto name : split(by, ','))
        names.emplace_back(name);
    std::vector<std::string> rows;
    for (const auto& group : *groups)
        rows.push_back(group_json(group, names));
    return Reply{200, "{\"by\":" + texts_json(names) + ",\"data\":" + joined(rows) + "}"};
}

Result<Reply> business_usage(const Request& request, Host& host) {
    auto by = request.query("by").value_or("day");
    if (by != "day" && by != "month") {
        auto error = fail(Code::invalid_request,
                          "by: expected day or month, got '" + visible(by.substr(0, 80)) + "'");
        error.param = "by";
        return error;
    }
    auto now = host.clock().wall();
    using Periods = std::vector<storage::BusinessRow>;
    auto periods = host.database().read([&](Session& session) -> Result<Periods> {
        auto filter = usage_filter(request, session, now);
        if (!filter)
            return filter.error();
        return session.usage().business(*filter, by == "month");
    });
    if (!periods)
        return periods.error();
    std::vector<std::string> rows;
    for (const auto& row : *periods)
        rows.push_back(business_json(row));
    return Reply{200, "{\"by\":" + text_json(by) + ",\"data\":" + joined(rows) + "}"};
}

Result<Reply> get_call(const Request& request, Host& host) {
    auto call = host.database().read(
        [&](Session& session) { return session.usage().get(request.param("request_id")); });
    if (!call)
        return call.error();
    // A token reads its own bills. Another's call is to it what a call that never was is.
    const auto& caller = request.caller();
    if (!caller.admin() && call->token != caller.token->token.id)
        return fail(Code::not_found, "there is no call " + request.param("request_id"));
    return Reply{200, call_json(*call)};
}

}  // namespace obliv::admin
