#include "daemon/app/publisher.hpp"

namespace obliv::daemon {

Publisher::Publisher(storage::Database& database, billing::Books& books, loop::Loops& loops)
    : database_(database), books_(books), loops_(loops),
      channels_(channels::ChannelTable::build({}, nullptr)),
      tokens_(gate::TokenTable::build({}, nullptr)) {}

void Publisher::attach(std::vector<Readers> readers) {
    readers_ = std::move(readers);
}

Result<void> Publisher::tokens() {
    std::lock_guard change(change_);
    // The budget before the key that spends it.
    if (auto refreshed = books_.refresh_tokens(); !refreshed)
        return refreshed;
    auto rows = database_.read([](storage::Session& session) { return session.tokens().all(); });
    if (!rows)
        return rows.error();
    auto table = gate::TokenTable::build(*rows, token_table().get());
    {
        std::lock_guard lock(tables_mutex_);
        tokens_ = table;
    }
    loops_.on_each([&](loop::Loop& loop) { readers_[loop.index()].gate.publish(table); });
    return ok();
}

Result<void> Publisher::channels() {
    std::lock_guard change(change_);
    auto rows = database_.read([](storage::Session& session) { return session.channels().all(); });
    if (!rows)
        return rows.error();
    auto table = channels::ChannelTable::build(*rows, channel_table().get());
    {
        std::lock_guard lock(tables_mutex_);
        channels_ = table;
    }
    hand_out_channels();
    return ok();
}

Result<void> Publisher::prices() {
    std::lock_guard change(change_);
    if (auto refreshed = books_.refresh_prices(); !refreshed)
        return refreshed;
    if (told_)
        told_(books_.next_price_change());
    return ok();
}

Result<void> Publisher::accounts() {
    std::lock_guard change(change_);
    return books_.refresh_accounts();
}

void Publisher::settings(const relay::UpstreamSettings& settings) {
    std::lock_guard change(change_);
    {
        std::lock_guard lock(tables_mutex_);
        settings_ = settings;
    }
    hand_out_channels();
}

void Publisher::hand_out_channels() {
    auto table = channel_table();
    auto current = settings();
    auto targets = relay::TargetTable::build(*table, current);
    loops_.on_each([&](loop::Loop& loop) {
        auto& reader = readers_[loop.index()];
        reader.channels.publish(table);
        reader.relay.publish(targets, current);
    });
}

std::shared_ptr<const channels::ChannelTable> Publisher::channel_table() const {
    std::lock_guard lock(tables_mutex_);
    return channels_;
}

std::shared_ptr<const gate::TokenTable> Publisher::token_table() const {
    std::lock_guard lock(tables_mutex_);
    return tokens_;
}

relay::UpstreamSettings Publisher::settings() const {
    std::lock_guard lock(tables_mutex_);
    return settings_;
}

}  // namespace obliv::daemon
