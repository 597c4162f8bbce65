#include "core/base/text.hpp"
#include "core/providers/catalog.hpp"
#include "daemon/admin/channel_settings.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/patterns.hpp"
#include "daemon/admin/render.hpp"

namespace obliv::admin {
namespace {

using storage::Channel;
using storage::Session;
using Span = std::optional<std::chrono::milliseconds>;

Error at(std::string_view field, std::string message) {
    auto error = fail(Code::invalid_request, std::string(field) + ": " + std::move(message));
    error.param = field;
    return error;
}

Result<void> check_type(const std::string& type, const providers::Catalog& catalog) {
    if (catalog.find(type, {}) != nullptr)
        return ok();
    auto known = catalog.names();
    std::string listed;
    for (auto name : known)
        listed += (listed.empty() ? "" : ", ") + std::string(name);
    auto message = "no provider has the type '" + type + "'";
    if (auto meant = did_you_mean(type, known))
        message += "; did you mean '" + std::string(*meant) + "'?";
    return at("type", message + " There are: " + listed);
}

/// Some providers have a place for each customer: there is no default.
Result<void> check_place(const Channel& channel, const providers::Catalog& catalog) {
    const auto* provider = catalog.find(channel.type, channel.base_url);
    if (!channel.base_url.empty() || provider == nullptr || !provider->default_base_url.empty())
        return ok();
    return at("base_url", "a channel of type '" + channel.type + "' needs one");
}

Result<void> check_name(const std::string& name) {
    // The path of channel explain stands where the names of channels do.
    if (name == "explain")
        return at("name", "'explain' cannot be the name of a channel");
    return ok();
}

void apply_timeout(const api::Body& timeouts, std::string_view field, Span& span) {
    if (timeouts.set(field))
        span = std::chrono::milliseconds(timeouts.integer(field));
    else if (timeouts.clear(field))
        span.reset();
}

void apply_timeouts(const api::Body& body, Channel& channel) {
    if (body.clear("timeouts")) {
        channel.connect_timeout.reset();
        channel.first_byte_timeout.reset();
        channel.idle_timeout.reset();
        channel.total_timeout.reset();
    }
    if (!body.set("timeouts"))
        return;
    auto timeouts = body.object("timeouts");
    apply_timeout(timeouts, "connect_ms", channel.connect_timeout);
    apply_timeout(timeouts, "first_byte_ms", channel.first_byte_timeout);
    apply_timeout(timeouts, "idle_ms", channel.idle_timeout);
    apply_timeout(timeouts, "total_ms", channel.total_timeout);
}

/// Whom it serves, and when it is chosen.
void apply_routing(const api::Body& body, Channel& channel) {
    if (body.has("aliases"))
        channel.aliases =
            body.set("aliases") ? body.pairs("aliases") : std::map<std::string, std::string>{};
    if (body.has("groups"))
        channel.groups =
            body.set("groups") ? body.texts("groups") : std::vector<std::string>{"default"};
    if (body.has("priority"))
        channel.priority = body.set("priority") ? static_cast<int>(body.integer("priority")) : 0;
    if (body.has("weight"))
        channel.weight = body.set("weight") ? static_cast<int>(body.integer("weight")) : 1;
    if (body.set("enabled"))
        channel.enabled = body.boolean("enabled");
}

/// Where it points.
void apply_endpoint(const api::Body& body, Channel& channel) {
    if (body.set("name"))
        channel.name = body.text("name");
    if (body.set("type"))
        channel.type = body.text("type");
    if (body.set("keys"))
        channel.keys = body.secrets("keys");
    if (body.set("models"))
        channel.models = body.texts("models");
    if (body.has("base_url"))
        channel.base_url = body.set("base_url") ? body.text("base_url") : "";
    if (body.has("proxy"))
        channel.proxy = body.set("proxy") ? body.text("proxy") : "";
}

Result<void> apply(const api::Body& body, Channel& channel, const providers::Catalog& catalog) {
    apply_endpoint(body, channel);
    apply_routing(body, channel);
    apply_timeouts(body, channel);
    if (auto good = apply_settings(body, channel.settings); !good)
        return good;
    if (auto good = check_name(channel.name); !good)
        return good;
    if (auto good = check_type(channel.type, catalog); body.set("type") && !good)
        return good;
    if (auto good = check_place(channel, catalog); !good)
        return good;
    if (channel.proxy.starts_with("https"))
        return at("proxy", "expected an http:// proxy");
    return check_patterns(channel.models);
}

}  // namespace

Result<Reply> list_channels(const Request& request, Host& host) {
    auto page = request.page("channels");
    if (!page)
        return page.error();
    auto channels =
        host.database().read([&](Session& session) { return session.channels().page(*page); });
    if (!channels)
        return channels.error();
    auto table = host.channels();
    std::vector<std::string> rows;
    for (const auto& channel : channels->rows)
        rows.push_back(channel_json(channel, *table, host.clock()));
    return Reply{200, list_json(rows, "channels", channels->next)};
}

Result<Reply> create_channel(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    Channel channel;
    channel.tenant = storage::first_tenant;
    if (auto good = apply(*body, channel, host.channels()->catalog()); !good)
        return good.error();
    auto stored = host.database().write([&](Session& session) -> Result<Channel> {
        auto id = session.channels().insert(channel);
        if (!id)
            return id.error();
        return session.channels().get(*id);
    });
    if (!stored)
        return stored.error();
    if (auto published = host.publish_channels(); !published)
        return published.error();
    return Reply{201, channel_json(*stored, *host.channels(), host.clock())};
}

Result<Reply> get_channel(const Request& request, Host& host) {
    auto channel = host.database().read(
        [&](Session& session) { return find_channel(session, request.param("id")); });
    if (!channel)
        return channel.error();
    return Reply{200, channel_json(*channel, *host.channels(), host.clock())};
}

Result<Reply> change_channel(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto table = host.channels();
    auto channel = host.database().write([&](Session& session) -> Result<Channel> {
        auto row = find_channel(session, request.param("id"));
        if (!row)
            return row.error();
        if (auto good = apply(*body, *row, table->catalog()); !good)
            return good.error();
        if (auto stored = session.channels().update(*row); !stored)
            return stored.error();
        return session.channels().get(row->id);
    });
    if (!channel)
        return channel.error();
    if (auto published = host.publish_channels(); !published)
        return published.error();
    return Reply{200, channel_json(*channel, *host.channels(), host.clock())};
}

Result<Reply> remove_channel(const Request& request, Host& host) {
    auto removed = host.database().write([&](Session& session) -> Result<void> {
        auto row = find_channel(session, request.param("id"));
        if (!row)
            return row.error();
        return session.channels().remove(row->id);
    });
    if (!removed)
        return removed.error();
    if (auto published = host.publish_channels(); !published)
        return published.error();
    return Reply{204};
}

}  // namespace obliv::admin
