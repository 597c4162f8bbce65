#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"

#include <algorithm>

namespace obliv::admin {
namespace {

using storage::Channel;
using storage::Session;

constexpr std::size_t keys_max = 1000;

/// Changes the keys of the channel that the path names, and tells the loops.
template <typename Change>
Result<Reply> change_keys(const Request& request, Host& host, Change change) {
    auto channel = host.database().write([&](Session& session) -> Result<Channel> {
        auto row = find_channel(session, request.param("id"));
        if (!row)
            return row;
        if (auto changed = change(row->keys); !changed)
            return changed.error();
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

Error bad_keys(std::string message) {
    auto error = fail(Code::invalid_request, "keys: " + std::move(message));
    error.param = "keys";
    return error;
}

}  // namespace

Result<Reply> add_channel_keys(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto added = body->secrets("keys");
    return change_keys(request, host, [&](std::vector<Secret>& keys) -> Result<void> {
        for (auto& key : added) {
            if (std::find(keys.begin(), keys.end(), key) != keys.end())
                return fail(Code::conflict,
                            "keys: the channel has the key " + key.hint() + " already");
            keys.push_back(key);
        }
        return keys.size() <= keys_max ? ok()
                                       : Result<void>(bad_keys("a channel has at most 1000"));
    });
}

Result<Reply> remove_channel_key(const Request& request, Host& host) {
    auto id = request.param("key");
    return change_keys(request, host, [&](std::vector<Secret>& keys) -> Result<void> {
        auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const Secret& key) { return channels::key_id(key) == id; });
        if (found == keys.end())
            return fail(Code::not_found, "the channel has no key '" + visible(id) + "'");
        keys.erase(found);
        return ok();
    });
}

Result<Reply> channel_history(const Request& request, Host& host) {
    auto page = request.page("channel_events", true);
    if (!page)
        return page.error();
    using Events = storage::Page<storage::ChannelEvent>;
    auto events = host.database().read([&](Session& session) -> Result<Events> {
        auto row = find_channel(session, request.param("id"));
        if (!row)
            return row.error();
        return session.channels().events(row->id, *page);
    });
    if (!events)
        return events.error();
    auto table = host.channels();
    std::vector<std::string> rows;
    for (const auto& event : events->rows)
        rows.push_back(channel_event_json(event, *table));
    return Reply{200, list_json(rows, "channel_events", events->next)};
}

}  // namespace obliv::admin
