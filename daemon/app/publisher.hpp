#pragma once

#include "core/loop/loop.hpp"
#include "core/storage/store.hpp"
#include "daemon/billing/books.hpp"
#include "daemon/channels/channels.hpp"
#include "daemon/gate/gate.hpp"
#include "daemon/relay/relay.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace obliv::daemon {

/// What one loop reads its tables from.
struct Readers {
    gate::Gate& gate;
    channels::Channels& channels;
    relay::Relay& relay;
};

/// Turns what the store holds into snapshots and hands them to every loop. Each function returns
/// when every loop works with the new one. For worker threads and, before the loops run, the main
/// one.
class Publisher {
public:
    /// `events` hears what happens to channels, and outlives their tables.
    Publisher(storage::Database& database, billing::Books& books, loop::Loops& loops,
              channels::EventSink& events);

    /// `readers[i]` belong to loop i and outlive the publisher's use.
    void attach(std::vector<Readers> readers);
    /// `told` runs whenever prices were published, with the time at which to publish them again;
    /// nothing: they stay as they are. Before any call of prices().
    void on_prices(std::function<void(std::optional<WallTime>)> told) { told_ = std::move(told); }

    Result<void> tokens();
    Result<void> channels();
    Result<void> prices();
    Result<void> accounts();
    /// The same for one token or account, however many there are; also when it is gone.
    Result<void> token(TokenId id);
    Result<void> account(AccountId id);
    /// New settings for calls to providers, with the channels as they are.
    void settings(const relay::UpstreamSettings& settings, channels::RoutingSettings routing);

    std::shared_ptr<const channels::ChannelTable> channel_table() const;
    std::shared_ptr<const gate::TokenTable> token_table() const;
    relay::UpstreamSettings settings() const;
    channels::RoutingSettings routing() const;

private:
    void hand_out_channels();
    Result<void> hand_out_tokens();
    Result<void> hand_out_all();
    Result<void> hand_out_one(TokenId id);
    void hand_out(const std::shared_ptr<const gate::TokenTable>& table);
    Result<void> hand_out_degrading();
    bool renew_degrading();

    storage::Database& database_;
    billing::Books& books_;
    loop::Loops& loops_;
    channels::EventSink& events_;
    std::vector<Readers> readers_;
    std::function<void(std::optional<WallTime>)> told_;

    gate::DegradingByAccount degrading_;  ///< guarded by change_
    // A change that could not be published must not stay out: the next one publishes all. Guarded
    // by change_.
    bool tokens_stale_ = false;
    bool accounts_stale_ = false;

    /// One change at a time, from the reading of the store to the last loop: otherwise the older of
    /// two snapshots could come out last.
    std::mutex change_;
    mutable std::mutex tables_mutex_;
    // Guarded by tables_mutex_.
    std::shared_ptr<const channels::ChannelTable> channels_;
    std::shared_ptr<const gate::TokenTable> tokens_;
    relay::UpstreamSettings settings_;
    channels::RoutingSettings routing_;
};

}  // namespace obliv::daemon
