#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/storage/channel_settings.hpp"
#include "core/storage/page.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// A configured upstream. Keys are sealed under the master key before they reach the disk.
struct Channel {
    ChannelId id;
    TenantId tenant;
    std::string name;      ///< unique in the tenant
    std::string type;      ///< a name from providers.cpp
    std::string base_url;  ///< as the provider's own SDK takes it; empty: the type's default
    std::vector<Secret> keys;
    /// What it serves: `gpt-4o` exact, `gpt-4*` prefix, `/^gpt-.*$/` regular expression.
    std::vector<std::string> models;
    std::map<std::string, std::string> aliases;  ///< asked name -> upstream name
    std::vector<std::string> groups{"default"};  ///< who may use it
    int priority = 0;                            ///< higher tiers are tried first
    int weight = 1;  ///< share within the tier; 0: only when the others failed
    bool enabled = true;
    std::string proxy;  ///< http://host:port; empty: the environment's
    /// Nothing: the `[upstream]` section of the configuration.
    std::optional<std::chrono::milliseconds> connect_timeout;
    std::optional<std::chrono::milliseconds> first_byte_timeout;
    std::optional<std::chrono::milliseconds> idle_timeout;
    std::optional<std::chrono::milliseconds> total_timeout;
    ChannelSettings settings;
    WallTime created_at{};
    WallTime updated_at{};
};

/// Something that happened to a channel by itself: a key rests, a circuit breaker opened, the
/// health checks found it dead or well again.
struct ChannelEvent {
    std::int64_t id = 0;
    WallTime time{};
    ChannelId channel;
    std::string kind;    ///< name of channels::EventKind
    std::string model;   ///< upstream name; empty: the whole channel
    std::string detail;  ///< in words
};

/// Reads work on every session, writes on the writer's session only.
class ChannelStore {
public:
    virtual ~ChannelStore() = default;
    virtual Result<std::vector<Channel>> all() = 0;
    virtual Result<Page<Channel>> page(const PageRequest& request) = 0;
    virtual Result<Channel> get(ChannelId id) = 0;                 ///< not_found
    virtual Result<Channel> find(std::string_view name) = 0;       ///< not_found
    virtual Result<ChannelId> insert(const Channel& channel) = 0;  ///< conflict: the name is taken
    virtual Result<void>
    update(const Channel& channel) = 0;  ///< every field but id, tenant, created_at
    virtual Result<void>
    remove(ChannelId id) = 0;  ///< hides it; rows that name the id stay readable

    /// Keeps the newest ten thousand or so of all channels.
    virtual Result<void> append_event(const ChannelEvent& event) = 0;
    /// Of one channel, or of all when `id` is none.
    virtual Result<Page<ChannelEvent>> events(ChannelId id, const PageRequest& request) = 0;
};

}  // namespace obliv::storage
