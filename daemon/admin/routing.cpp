#include "core/api/values.hpp"
#include "core/llm/pattern.hpp"
#include "core/providers/provider.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"

#include <algorithm>
#include <unordered_map>

namespace obliv::admin {
namespace {

using channels::ChannelTable;
using storage::Session;

Error bad_model(std::string message) {
    auto error = fail(Code::invalid_request, "model: " + std::move(message));
    error.param = "model";
    return error;
}

/// The first model that a channel names in full.
std::optional<std::string> first_model(const channels::Entry& entry) {
    for (const auto& pattern : entry.patterns)
        if (pattern.kind() == llm::ModelPattern::Kind::exact)
            return pattern.text();
    if (!entry.channel.aliases.empty())
        return entry.channel.aliases.begin()->first;
    return std::nullopt;
}

void append_rows(std::vector<std::string>& rows, const channels::Key& key,
                 const Result<std::vector<providers::Balance>>& told) {
    BalanceRow row{key.id(), key.hint(), {}, {}, {}};
    if (!told) {
        row.error = told.error().message;
        rows.push_back(channel_balance_json(row));
        return;
    }
    for (const auto& balance : *told) {
        row.amount = balance.amount;
        row.currency = balance.currency;
        rows.push_back(channel_balance_json(row));
    }
}

/// For each key what is left. A provider that does not answer for one is not asked for the others.
Result<std::vector<std::string>> balance_rows(const channels::Entry& entry, Host& host) {
    std::vector<std::string> rows;
    Result<std::vector<providers::Balance>> told;
    for (std::size_t i = 0; i < entry.keys->size(); ++i) {
        bool silent = i > 0 && !told && told.error().code == Code::upstream_timeout;
        if (!silent)
            told = host.fetch_balance(entry, i);
        if (!told && told.error().code == Code::unsupported)
            return told.error();
        append_rows(rows, (*entry.keys)[i], told);
    }
    return rows;
}

Result<std::string> asked_model(const api::Body& body, const channels::Entry& entry) {
    if (body.set("model"))
        return body.text("model");
    auto model = first_model(entry);
    if (!model)
        return bad_model("this channel serves patterns only; say which model to ask for");
    return *std::move(model);
}

/// Names of the enabled channels that serve a model to a group.
std::vector<std::string> serving(const ChannelTable& table, std::string_view group,
                                 std::string_view model) {
    std::vector<std::string> names;
    for (const auto& entry : table.entries())
        if (entry->channel.enabled && entry->serves_group(group) &&
            ChannelTable::match(*entry, model))
            names.push_back(entry->channel.name);
    return names;
}

Error bad_query(std::string_view name, std::string message) {
    auto error = fail(Code::invalid_request, std::string(name) + ": " + std::move(message));
    error.param = name;
    return error;
}

bool is_exact(std::string_view pattern) {
    return !pattern.starts_with('/') && pattern.find('*') == std::string_view::npos;
}

/// A channel as it is stored and as calls see it.
struct UsedChannel {
    storage::Channel channel;
    std::shared_ptr<const ChannelTable> table;
    const channels::Entry* entry;  ///< in the table
};

Result<UsedChannel> used_channel(const Request& request, Host& host) {
    auto channel = host.database().read(
        [&](Session& session) { return find_channel(session, request.param("id")); });
    if (!channel)
        return channel.error();
    auto table = host.channels();
    const auto* entry = table->find(channel->id);
    if (entry == nullptr)
        return fail(Code::unavailable, "the channel is not in use yet; try again");
    return UsedChannel{std::move(*channel), std::move(table), entry};
}

}  // namespace

Result<Reply> test_channel(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto used = used_channel(request, host);
    if (!used)
        return used.error();
    const auto& [channel, table, entry] = *used;
    auto model = asked_model(*body, *entry);
    if (!model)
        return model.error();
    auto match = ChannelTable::match(*entry, *model);
    if (!match)
        return bad_model("the channel '" + channel.name + "' does not serve '" + *model + "'");
    auto test = host.test_channel(*entry, match->upstream_model);
    if (!test)
        return test.error();
    return Reply{200, channel_test_json(*test, *model)};
}

Result<Reply> channel_models(const Request& request, Host& host) {
    auto used = used_channel(request, host);
    if (!used)
        return used.error();
    const auto& [channel, table, entry] = *used;
    std::vector<std::string> rows;
    auto fetch = request.query("fetch").value_or("false");
    if (fetch != "true" && fetch != "false")
        return bad_query("fetch", "expected true or false");
    if (fetch == "false") {
        for (const auto& model : channel.models)
            rows.push_back(channel_model_json(model, true, std::nullopt));
        return Reply{200, list_json(rows, "")};
    }
    auto offered = host.fetch_models(*entry);
    if (!offered)
        return std::move(offered.error()).in("channel '" + channel.name + "'");
    for (const auto& model : *offered)
        rows.push_back(
            channel_model_json(model, ChannelTable::match(*entry, model).has_value(), true));
    // Exact names that the provider does not have, or does not tell.
    for (const auto& model : channel.models)
        if (is_exact(model) && !std::binary_search(offered->begin(), offered->end(), model))
            rows.push_back(channel_model_json(model, true, false));
    return Reply{200, list_json(rows, "")};
}

Result<Reply> channel_balance(const Request& request, Host& host) {
    auto used = used_channel(request, host);
    if (!used)
        return used.error();
    const auto& [channel, table, entry] = *used;
    auto rows = balance_rows(*entry, host);
    if (!rows)
        return std::move(rows.error()).in("channel '" + channel.name + "'");
    return Reply{200, list_json(*rows, "")};
}

Result<Reply> explain_channels(const Request& request, Host& host) {
    auto model = request.query("model");
    if (!model)
        return bad_model("which model? Give it as ?model=…");
    if (auto named = llm::check_model_name(*model); !named)
        return bad_model(named.error().message);
    auto group = request.query("group").value_or("default");
    auto explanation =
        channels::explain(host.channels(), host.routing(), group, *model, host.clock().steady());
    return Reply{200, explanation_json(explanation, *model, group)};
}

Result<Reply> list_models(const Request& request, Host& host) {
    auto limit = request.limit();
    if (!limit)
        return limit.error();
    auto after = request.text_cursor("models");
    if (!after)
        return after.error();
    auto now = host.clock().wall();
    auto prices =
        host.database().read([&](Session& session) { return session.prices().current(now); });
    if (!prices)
        return prices.error();
    std::unordered_map<std::string_view, const storage::PriceRow*> price_of;
    for (const auto& row : *prices)
        if (!row.channel && row.variant.empty())
            price_of[row.model] = &row;

    auto table = host.channels();
    auto group = request.query("group").value_or("default");
    auto models = table->models(group);
    auto first = std::upper_bound(models.begin(), models.end(), *after);
    std::vector<std::string> rows;
    std::string next;
    for (auto model = first; model != models.end() && next.empty(); ++model) {
        rows.push_back(model_json(*model, serving(*table, group, *model), price_of[*model]));
        if (rows.size() == static_cast<std::size_t>(*limit) && std::next(model) != models.end())
            next = api::make_text_cursor("models", *model);
    }
    return Reply{200, list_json(rows, next)};
}

}  // namespace obliv::admin
