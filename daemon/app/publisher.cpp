#include "daemon/app/publisher.hpp"

namespace obliv::daemon {

namespace {

/// A word with as much prompt as reply in it: what makes models comparable by price.
std::optional<double> price_in(const billing::BooksView& view, std::string_view model) {
    auto found = view.prices.find(model);
    if (found == view.prices.end())
        return std::nullopt;
    const auto* price = found->second.find({}, {}, {});
    if (price == nullptr)
        return std::nullopt;
    return static_cast<double>((price->input + price->output).nanos());
}

}  // namespace

Publisher::Publisher(storage::Database& database, billing::Books& books, loop::Loops& loops,
                     channels::EventSink& events)
    : database_(database), books_(books), loops_(loops), events_(events),
      channels_(channels::ChannelTable::build({}, nullptr)),
      tokens_(gate::TokenTable::build({}, nullptr)) {}

void Publisher::attach(std::vector<Readers> readers) {
    readers_ = std::move(readers);
}

Result<void> Publisher::tokens() {
    std::lock_guard change(change_);
    return hand_out_all();
}

Result<void> Publisher::hand_out_all() {
    // The budget before the key that spends it.
    auto done = books_.refresh_tokens();
    if (done) {
        renew_degrading();
        done = hand_out_tokens();
    }
    tokens_stale_ = !done;
    return done;
}

Result<void> Publisher::hand_out_tokens() {
    auto rows = database_.read([](storage::Session& session) { return session.tokens().all(); });
    if (!rows)
        return rows.error();
    hand_out(gate::TokenTable::build(*rows, token_table().get(), degrading_));
    return ok();
}

void Publisher::hand_out(const std::shared_ptr<const gate::TokenTable>& table) {
    auto before = token_table();  // goes here at last: no loop spends its time on that
    {
        std::lock_guard lock(tables_mutex_);
        tokens_ = table;
    }
    loops_.on_each([&](loop::Loop& loop) { readers_[loop.index()].gate.publish(table); });
}

Result<void> Publisher::token(TokenId id) {
    std::lock_guard change(change_);
    if (tokens_stale_)
        return hand_out_all();
    auto done = hand_out_one(id);
    tokens_stale_ = !done;
    return done;
}

Result<void> Publisher::hand_out_one(TokenId id) {
    // The budget before the key that spends it.
    if (auto refreshed = books_.refresh_token(id); !refreshed)
        return refreshed;
    auto row = database_.read([&](storage::Session& session) { return session.tokens().get(id); });
    if (!row && row.error().code != Code::not_found)
        return row.error();
    auto table = token_table();
    hand_out(row ? table->with(*row, degrading_) : table->without(id));
    return ok();
}

Result<void> Publisher::channels() {
    std::lock_guard change(change_);
    auto previous = channel_table();
    auto table = database_.read([&](storage::Session& session) {
        return channels::ChannelTable::load(session, previous.get(), &events_);
    });
    if (!table)
        return table.error();
    {
        std::lock_guard lock(tables_mutex_);
        channels_ = *table;
    }
    hand_out_channels();
    return ok();
}

Result<void> Publisher::prices() {
    std::lock_guard change(change_);
    if (auto refreshed = books_.refresh_prices(); !refreshed)
        return refreshed;
    // Plans order channels by price.
    hand_out_channels();
    if (told_)
        told_(books_.next_price_change());
    return ok();
}

Result<void> Publisher::accounts() {
    std::lock_guard change(change_);
    auto done = books_.refresh_accounts();
    accounts_stale_ = !done;
    if (!done)
        return done;
    return hand_out_degrading();
}

Result<void> Publisher::account(AccountId id) {
    std::lock_guard change(change_);
    auto done = accounts_stale_ ? books_.refresh_accounts() : books_.refresh_account(id);
    accounts_stale_ = !done;
    if (!done)
        return done;
    return hand_out_degrading();
}

Result<void> Publisher::hand_out_degrading() {
    if (!renew_degrading())
        return ok();
    auto done = hand_out_tokens();
    if (!done)
        degrading_.clear();  // so that the next change hands it out
    return done;
}

/// Whether tokens have to know: most changes of accounts are none for their callers.
bool Publisher::renew_degrading() {
    auto view = books_.view();
    gate::DegradingByAccount next;
    bool changed = false;
    view->accounts.each([&](AccountId id, const auto& account) {
        if (!account.degraded)
            return;
        auto known = degrading_.find(id);
        bool same = known != degrading_.end() && known->second->rules() == account.degraded;
        changed = changed || !same;
        next[id] = same ? known->second
                        : std::make_shared<const gate::Degrading>(account.degraded, account.low);
    });
    changed = changed || next.size() != degrading_.size();
    degrading_ = std::move(next);
    return changed;
}

void Publisher::settings(const relay::UpstreamSettings& settings,
                         channels::RoutingSettings routing) {
    routing.price = [this](std::string_view model) { return price_in(*books_.view(), model); };
    std::lock_guard change(change_);
    {
        std::lock_guard lock(tables_mutex_);
        settings_ = settings;
        routing_ = std::move(routing);
    }
    hand_out_channels();
}

void Publisher::hand_out_channels() {
    auto table = channel_table();
    auto current = settings();
    auto choosing = routing();
    auto targets = relay::TargetTable::build(*table, current);
    loops_.on_each([&](loop::Loop& loop) {
        auto& reader = readers_[loop.index()];
        reader.channels.publish(table, choosing);
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

channels::RoutingSettings Publisher::routing() const {
    std::lock_guard lock(tables_mutex_);
    return routing_;
}

relay::UpstreamSettings Publisher::settings() const {
    std::lock_guard lock(tables_mutex_);
    return settings_;
}

}  // namespace obliv::daemon
