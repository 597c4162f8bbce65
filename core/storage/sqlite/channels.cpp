#include "core/base/encoding.hpp"
#include "core/storage/sqlite/lists.hpp"
#include "core/storage/sqlite/stores.hpp"

namespace obliv::storage::sqlite {
namespace {

constexpr std::int64_t events_max = 10'000;

constexpr std::string_view select_channel =
    "SELECT id, tenant, name, type, base_url, models, aliases, groups, priority, weight, enabled, "
    "proxy, connect_timeout_ms, first_byte_timeout_ms, idle_timeout_ms, total_timeout_ms, "
    "settings, created_at, updated_at FROM channel WHERE removed_at IS NULL ";

void read_channel(Query& query, Channel& row) {
    std::string models;
    std::string aliases;
    std::string groups;
    std::string settings;
    query.read(row.id, row.tenant, row.name, row.type, row.base_url, models, aliases, groups,
               row.priority, row.weight, row.enabled, row.proxy, row.connect_timeout,
               row.first_byte_timeout, row.idle_timeout, row.total_timeout, settings,
               row.created_at, row.updated_at);
    // A setting that nobody can read must not take the whole table away.
    if (auto read = settings_from_json(settings))
        row.settings = std::move(*read);
    row.models = list_from_json(models);
    row.aliases = map_from_json(aliases);
    row.groups = list_from_json(groups);
}

std::string select(std::string_view rest) {
    return std::string(select_channel) + std::string(rest);
}

/// A sealed key opens for its own channel only.
std::string purpose_of(ChannelId id) {
    return "channel-key:" + id.text();
}

}  // namespace

Result<std::vector<Channel>> SqliteChannels::all() {
    Query query(context_.connection, select("ORDER BY id"));
    auto rows = read_all<Channel>(query, read_channel);
    if (!rows)
        return rows;
    for (auto& row : *rows)
        if (auto keys = read_keys(row); !keys)
            return keys.error();
    return rows;
}

Result<Page<Channel>> SqliteChannels::page(const PageRequest& request) {
    PageBounds bounds(request);
    Query query(context_.connection, select("AND id > ? AND id < ?") + std::string(bounds.order));
    query.bind(bounds.above, bounds.below, bounds.rows);
    auto page = read_page<Channel>(query, bounds, read_channel,
                                   [](const Channel& row) { return row.id.value; });
    if (!page)
        return page;
    for (auto& row : page->rows)
        if (auto keys = read_keys(row); !keys)
            return keys.error();
    return page;
}

Result<Channel> SqliteChannels::get(ChannelId id) {
    Query query(context_.connection, select("AND id = ?"));
    query.bind(id);
    auto row = read_one<Channel>(query, "channel " + id.text(), read_channel);
    if (!row)
        return row;
    if (auto keys = read_keys(*row); !keys)
        return keys.error();
    return row;
}

Result<Channel> SqliteChannels::find(std::string_view name) {
    Query query(context_.connection, select("AND name = ? ORDER BY id LIMIT 1"));
    query.bind(name);
    auto row = read_one<Channel>(query, "channel " + std::string(name), read_channel);
    if (!row)
        return row;
    if (auto keys = read_keys(*row); !keys)
        return keys.error();
    return row;
}

Result<ChannelId> SqliteChannels::insert(const Channel& row) {
    auto models = to_json(row.models);
    auto aliases = to_json(row.aliases);
    auto groups = to_json(row.groups);
    auto settings = settings_json(row.settings);
    auto now = context_.clock.wall();
    Query query(context_.connection,
                "INSERT INTO channel (tenant, name, type, base_url, models, aliases, groups, "
                "priority, weight, enabled, proxy, connect_timeout_ms, first_byte_timeout_ms, "
                "idle_timeout_ms, total_timeout_ms, settings, created_at, updated_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto done =
        query
            .bind(row.tenant, row.name, row.type, row.base_url, models, aliases, groups,
                  row.priority, row.weight, row.enabled, row.proxy, row.connect_timeout,
                  row.first_byte_timeout, row.idle_timeout, row.total_timeout, settings, now, now)
            .run();
    done = named(std::move(done), "channel", row.name);
    if (!done)
        return done.error();
    ChannelId id{context_.connection.last_id()};
    if (auto keys = write_keys(id, row.keys); !keys)
        return keys.error();
    return id;
}

Result<void> SqliteChannels::update(const Channel& row) {
    auto models = to_json(row.models);
    auto aliases = to_json(row.aliases);
    auto groups = to_json(row.groups);
    auto settings = settings_json(row.settings);
    Query query(
        context_.connection,
        "UPDATE channel SET name = ?, type = ?, base_url = ?, models = ?, aliases = ?, "
        "groups = ?, priority = ?, weight = ?, enabled = ?, proxy = ?, "
        "connect_timeout_ms = ?, first_byte_timeout_ms = ?, idle_timeout_ms = ?, "
        "total_timeout_ms = ?, settings = ?, updated_at = ? WHERE id = ? AND removed_at IS NULL");
    auto done =
        query
            .bind(row.name, row.type, row.base_url, models, aliases, groups, row.priority,
                  row.weight, row.enabled, row.proxy, row.connect_timeout, row.first_byte_timeout,
                  row.idle_timeout, row.total_timeout, settings, context_.clock.wall(), row.id)
            .run();
    done = changed_one(context_.connection, named(std::move(done), "channel", row.name),
                       "channel " + row.id.text());
    if (!done)
        return done;
    return write_keys(row.id, row.keys);
}

Result<void> SqliteChannels::remove(ChannelId id) {
    auto done = Query(context_.connection,
                      "UPDATE channel SET removed_at = ? WHERE id = ? AND removed_at IS NULL")
                    .bind(context_.clock.wall(), id)
                    .run();
    done = changed_one(context_.connection, std::move(done), "channel " + id.text());
    // Nobody needs the keys of a hidden channel.
    return done ? write_keys(id, {}) : done;
}

Result<void> SqliteChannels::read_keys(Channel& channel) {
    Query query(context_.connection,
                "SELECT sealed FROM channel_key WHERE channel = ? ORDER BY position");
    query.bind(channel.id);
    auto rows = read_all<std::string>(query, [](Query& from, std::string& row) { from.read(row); });
    if (!rows)
        return rows.error();
    for (const auto& sealed : *rows) {
        auto key = open_sealed(context_.master_key, purpose_of(channel.id), sealed);
        if (!key)
            return std::move(key.error()).in("channel " + channel.name);
        channel.keys.push_back(std::move(*key));
    }
    return ok();
}

Result<void> SqliteChannels::write_keys(ChannelId id, const std::vector<Secret>& keys) {
    auto done =
        Query(context_.connection, "DELETE FROM channel_key WHERE channel = ?").bind(id).run();
    int position = 0;
    for (const auto& key : keys) {
        if (!done)
            return done;
        auto sealed = seal(context_.master_key, purpose_of(id), key);
        done = Query(context_.connection,
                     "INSERT INTO channel_key (channel, position, sealed) VALUES (?, ?, ?)")
                   .bind(id, position++, sealed)
                   .run();
    }
    return done;
}

Result<void> SqliteChannels::append_event(const ChannelEvent& event) {
    auto done = Query(context_.connection,
                      "INSERT INTO channel_event (time, channel, kind, model, detail) VALUES (?, "
                      "?, ?, ?, ?)")
                    .bind(event.time, event.channel, event.kind, event.model, event.detail)
                    .run();
    if (!done)
        return done;
    return Query(context_.connection, "DELETE FROM channel_event WHERE id <= ?")
        .bind(context_.connection.last_id() - events_max)
        .run();
}

Result<Page<ChannelEvent>> SqliteChannels::events(ChannelId id, const PageRequest& request) {
    PageBounds bounds(request);
    Query query(context_.connection,
                "SELECT id, time, channel, kind, model, detail FROM channel_event WHERE (?1 IS "
                "NULL OR channel = ?1) AND id > ?2 AND id < ?3" +
                    std::string(bounds.order));
    query.bind(id, bounds.above, bounds.below, bounds.rows);
    return read_page<ChannelEvent>(
        query, bounds,
        [](Query& from, ChannelEvent& row) {
            from.read(row.id, row.time, row.channel, row.kind, row.model, row.detail);
        },
        [](const ChannelEvent& row) { return row.id; });
}

}  // namespace obliv::storage::sqlite
