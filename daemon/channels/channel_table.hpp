#pragma once

#include "core/llm/pattern.hpp"
#include "core/providers/catalog.hpp"
#include "core/storage/store.hpp"
#include "daemon/channels/health.hpp"
#include "daemon/channels/keys.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::channels {

/// A channel as the relay sees it.
struct Entry {
    storage::Channel channel;  ///< base_url is filled in from the type when the row has none
    const providers::Provider* provider = nullptr;      ///< null: of a type that nobody knows
    std::shared_ptr<const providers::Catalog> catalog;  ///< what `provider` may lie in
    std::vector<llm::ModelPattern> patterns;
    std::vector<llm::ModelPattern> offer_patterns;  ///< of settings.offers, in their order
    std::shared_ptr<Health> health;
    std::shared_ptr<Keys> keys;

    bool serves_group(std::string_view group) const;
    /// What it says it can do for an upstream model; null: nothing, so everything is tried.
    const storage::Offer* offer_for(std::string_view upstream_model) const;
    /// Enabled, of a known type, reachable as far as is known, and its last calls did not all fail.
    bool up(SteadyTime now) const;
    /// Of its keys, and of its own calls a minute where those are limited.
    QuotaLeft quota_left(SteadyTime now) const;
};

/// How a channel came to serve a model.
struct Match {
    std::string upstream_model;  ///< what the provider is asked for
    std::string matched_by;      ///< `alias`, or the pattern
};

/// All channels. Immutable; a change makes a new table.
class ChannelTable {
public:
    /// `previous` hands Health and keys on. `sink`, if given, hears what happens to the channels
    /// and outlives them all. A channel of a type that this program does not know stays in
    /// the table and serves nothing: `explain` says why.
    static std::shared_ptr<const ChannelTable>
    build(const std::vector<storage::Channel>& rows, const ChannelTable* previous,
          EventSink* sink = nullptr, std::shared_ptr<const providers::Catalog> catalog = nullptr);

    /// From what the store holds.
    static Result<std::shared_ptr<const ChannelTable>>
    load(storage::Session& session, const ChannelTable* previous, EventSink* sink = nullptr);

    /// In the order of their ids.
    const std::vector<std::shared_ptr<const Entry>>& entries() const noexcept { return entries_; }
    const Entry* find(ChannelId id) const;
    /// The types of channels that there are. Never null.
    const providers::Catalog& catalog() const noexcept { return *catalog_; }

    /// An alias goes before the patterns. Nothing: the channel does not serve the model.
    static std::optional<Match> match(const Entry& entry, std::string_view model);

    /// The names that `group` can ask for: exact patterns and aliases of enabled channels, sorted.
    std::vector<std::string> models(std::string_view group) const;

private:
    std::vector<std::shared_ptr<const Entry>> entries_;
    std::shared_ptr<const providers::Catalog> catalog_;
};

}  // namespace obliv::channels
