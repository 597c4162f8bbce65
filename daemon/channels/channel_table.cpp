#include "daemon/channels/channel_table.hpp"

#include <algorithm>
#include <set>

namespace obliv::channels {
namespace {

std::shared_ptr<const Entry> make_entry(const storage::Channel& row, const ChannelTable* previous,
                                        EventSink* sink,
                                        std::shared_ptr<const providers::Catalog> catalog) {
    auto entry = std::make_shared<Entry>();
    entry->channel = row;
    entry->provider = catalog->find(row.type, {});
    if (row.base_url.empty() && entry->provider != nullptr)
        entry->channel.base_url = std::string(entry->provider->default_base_url);
    while (entry->channel.base_url.ends_with('/'))
        entry->channel.base_url.pop_back();
    entry->provider = catalog->find(row.type, entry->channel.base_url);
    entry->catalog = std::move(catalog);
    for (const auto& text : row.models)
        if (auto pattern = llm::ModelPattern::parse(text))
            entry->patterns.push_back(std::move(*pattern));
    for (const auto& offer : row.settings.offers)
        if (auto pattern = llm::ModelPattern::parse(offer.models))
            entry->offer_patterns.push_back(std::move(*pattern));
    const auto* known = previous == nullptr ? nullptr : previous->find(row.id);
    entry->health = known != nullptr ? known->health : std::make_shared<Health>(row.id, sink);
    entry->health->rename(row.name);
    entry->keys =
        Keys::build(row.keys, row.settings, known != nullptr ? known->keys.get() : nullptr);
    return entry;
}

}  // namespace

bool Entry::serves_group(std::string_view group) const {
    return std::find(channel.groups.begin(), channel.groups.end(), group) != channel.groups.end();
}

const storage::Offer* Entry::offer_for(std::string_view upstream_model) const {
    const auto& offers = channel.settings.offers;
    for (std::size_t i = 0; i < offer_patterns.size() && i < offers.size(); ++i)
        if (offer_patterns[i].matches(upstream_model))
            return &offers[i];
    return nullptr;
}

QuotaLeft Entry::quota_left(SteadyTime now) const {
    auto left = keys->quota_left(now);
    auto limit = channel.settings.requests_per_minute;
    if (limit > 0)
        left.used =
            std::max(left.used.value_or(0), static_cast<double>(health->requests_this_minute(now)) /
                                                static_cast<double>(limit));
    return left;
}

bool Entry::up(SteadyTime now) const {
    return channel.enabled && provider != nullptr && !health->down() && !health->failing() &&
           health->breaker().state(now) != Breaker::State::open && keys->any_usable(now);
}

std::shared_ptr<const ChannelTable>
ChannelTable::build(const std::vector<storage::Channel>& rows, const ChannelTable* previous,
                    EventSink* sink, std::shared_ptr<const providers::Catalog> catalog) {
    auto table = std::make_shared<ChannelTable>();
    table->catalog_ = catalog != nullptr ? std::move(catalog) : providers::Catalog::build({});
    for (const auto& row : rows)
        table->entries_.push_back(make_entry(row, previous, sink, table->catalog_));
    std::sort(table->entries_.begin(), table->entries_.end(),
              [](const auto& a, const auto& b) { return a->channel.id < b->channel.id; });
    return table;
}

Result<std::shared_ptr<const ChannelTable>>
ChannelTable::load(storage::Session& session, const ChannelTable* previous, EventSink* sink) {
    auto described = session.providers().all();
    if (!described)
        return described.error();
    auto rows = session.channels().all();
    if (!rows)
        return rows.error();
    std::vector<providers::Catalog::Source> sources;
    for (const auto& row : *described)
        sources.push_back({row.name, row.version, row.source});
    return build(*rows, previous, sink, providers::Catalog::build(sources));
}

const Entry* ChannelTable::find(ChannelId id) const {
    auto found =
        std::lower_bound(entries_.begin(), entries_.end(), id,
                         [](const auto& entry, ChannelId key) { return entry->channel.id < key; });
    return found != entries_.end() && (*found)->channel.id == id ? found->get() : nullptr;
}

std::optional<Match> ChannelTable::match(const Entry& entry, std::string_view model) {
    auto alias = entry.channel.aliases.find(std::string(model));
    if (alias != entry.channel.aliases.end())
        return Match{alias->second, "alias"};
    for (const auto& pattern : entry.patterns)
        if (pattern.matches(model))
            return Match{std::string(model), pattern.text()};
    return std::nullopt;
}

std::vector<std::string> ChannelTable::models(std::string_view group) const {
    std::set<std::string> names;
    for (const auto& entry : entries_) {
        if (!entry->channel.enabled || entry->provider == nullptr || !entry->serves_group(group))
            continue;
        for (const auto& pattern : entry->patterns)
            if (pattern.kind() == llm::ModelPattern::Kind::exact)
                names.insert(pattern.text());
        for (const auto& [alias, target] : entry->channel.aliases)
            names.insert(alias);
    }
    return {names.begin(), names.end()};
}

}  // namespace obliv::channels
