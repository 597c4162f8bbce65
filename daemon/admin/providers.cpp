#include "core/base/time_format.hpp"
#include "core/providers/catalog.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/admin/render.hpp"

#include <algorithm>

namespace obliv::admin {
namespace {

using storage::ProviderRow;
using storage::Session;

Error at(std::string_view field, std::string message) {
    auto error = fail(Code::invalid_request, std::move(message));
    error.param = field;
    return error;
}

ProviderFacts facts_of(const providers::Provider& provider) {
    ProviderFacts facts;
    facts.provider = &provider;
    return facts;
}

ProviderFacts facts_of(const ProviderRow& row, const providers::Custom& custom) {
    auto facts = facts_of(custom.provider());
    facts.version = row.version;
    facts.created_at = row.created_at;
    return facts;
}

/// The name in the path of a provider that is described; built-in ones do not change.
Result<std::string> described_name(const Request& request) {
    const auto& name = request.param("type");
    if (providers::find(name) != nullptr)
        return fail(Code::conflict, "the provider '" + name + "' is built in and does not change");
    return name;
}

Result<Reply> shown(const ProviderRow& row, int status) {
    auto custom = providers::Custom::parse(row.source, "description");
    if (!custom)
        return fail(Code::corrupt, "the stored description of '" + row.name +
                                       "' cannot be read: " + custom.error().message);
    auto facts = facts_of(row, **custom);
    facts.description = row.source;
    return Reply{status, provider_json(facts)};
}

/// Stores a version and has channels use it.
Result<Reply> store(const Request& request, Host& host, const std::string& name, bool exists) {
    auto body = request.body();
    if (!body)
        return body.error();
    ProviderRow row;
    row.tenant = storage::first_tenant;
    row.source = body->text("description");
    auto custom = providers::Custom::parse(row.source, "description");
    if (!custom) {
        auto error = custom.error();
        error.param = "description";
        return error;
    }
    row.name = std::string((*custom)->provider().name);
    if (exists && row.name != name)
        return at("description", "the description names '" + row.name + "', not '" + name + "'");
    auto stored = host.database().write([&](Session& session) -> Result<ProviderRow> {
        auto before = session.providers().find(row.name);
        if (!before && before.error().code != Code::not_found)
            return before.error();
        if (exists && !before)
            return before.error();
        if (!exists && before)
            return fail(Code::conflict, "there is a provider '" + row.name + "' already");
        return session.providers().append(row);
    });
    if (!stored)
        return stored.error();
    if (auto published = host.publish_channels(); !published)
        return published.error();
    return shown(*stored, exists ? 200 : 201);
}

}  // namespace

Result<Reply> list_providers(const Request&, Host& host) {
    auto rows = host.database().read([](Session& session) { return session.providers().all(); });
    if (!rows)
        return rows.error();
    std::vector<std::pair<std::string, std::string>> lines;
    for (const auto* provider : providers::all())
        lines.emplace_back(provider->name, provider_json(facts_of(*provider)));
    for (const auto& row : *rows)
        if (auto custom = providers::Custom::parse(row.source, "description"))
            lines.emplace_back(row.name, provider_json(facts_of(row, **custom)));
    std::sort(lines.begin(), lines.end());
    std::vector<std::string> out;
    for (auto& [name, line] : lines)
        out.push_back(std::move(line));
    return Reply{200, list_json(out, "providers", std::nullopt)};
}

Result<Reply> get_provider(const Request& request, Host& host) {
    const auto& name = request.param("type");
    if (const auto* provider = providers::find(name))
        return Reply{200, provider_json(facts_of(*provider))};
    auto row =
        host.database().read([&](Session& session) { return session.providers().find(name); });
    if (!row)
        return row.error();
    return shown(*row, 200);
}

Result<Reply> provider_history(const Request& request, Host& host) {
    const auto& name = request.param("type");
    auto rows =
        host.database().read([&](Session& session) { return session.providers().history(name); });
    if (!rows)
        return rows.error();
    if (rows->empty())
        return fail(Code::not_found, "there is no description of a provider '" + name + "'");
    std::vector<std::string> lines;
    for (const auto& row : *rows)
        lines.push_back(provider_version_json(row));
    return Reply{200, list_json(lines, "provider_versions", std::nullopt)};
}

Result<Reply> add_provider(const Request& request, Host& host) {
    return store(request, host, {}, false);
}

Result<Reply> set_provider(const Request& request, Host& host) {
    auto name = described_name(request);
    return name ? store(request, host, *name, true) : Result<Reply>(name.error());
}

Result<Reply> remove_provider(const Request& request, Host& host) {
    auto name = described_name(request);
    if (!name)
        return name.error();
    auto removed = host.database().write([&](Session& session) -> Result<ProviderRow> {
        auto row = session.providers().find(*name);
        if (!row)
            return row.error();
        auto channels = session.channels().all();
        if (!channels)
            return channels.error();
        for (const auto& channel : *channels)
            if (channel.type == *name)
                return fail(Code::conflict, "the channel '" + channel.name + "' uses it");
        row->removed = true;
        return session.providers().append(*row);
    });
    if (!removed)
        return removed.error();
    if (auto published = host.publish_channels(); !published)
        return published.error();
    return Reply{204};
}

}  // namespace obliv::admin
